import type { SiteOperation } from "../../api/operation";

/** Whether blasting goes on at `now`: an answer from before the window's end must not keep it open. Pure. */
export function isBlasting(told: Pick<SiteOperation, "blasting_until">, now: number): boolean {
  return told.blasting_until !== null && Date.parse(told.blasting_until) > now;
}

/** Whether the stop lasts longer than planned at `now`; the server's word holds as well. Pure. */
export function isOverstayed(told: Pick<SiteOperation, "overstayed" | "planned_end">, now: number): boolean {
  return told.overstayed || (told.planned_end !== null && Date.parse(told.planned_end) <= now);
}
