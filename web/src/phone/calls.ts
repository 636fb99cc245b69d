import { t } from "i18next";
import type { Duty } from "../api/types";

/** More calls of one duty than there ever are in one round of it. */
const MANY = 100_000;

/** How often a duty has called, more being later. Its calls are counted from one again in each round: got worse, or nobody answered. Pure. */
export function timesOf({ round, calls }: Pick<Duty, "round" | "calls">): number {
  return round * MANY + calls;
}

/** Those that call me and wait for an answer, each with how often it has called. Pure. */
export function callsIn(all: readonly Duty[]): Map<number, number> {
  const waiting = all.filter((duty) => duty.state === "called" && duty.actions.some((action) => action.verb === "answer" && action.allowed));
  return new Map(waiting.map((duty) => [duty.id, timesOf(duty)]));
}

/** Which of these calls were not there before, or have called again. Pure. */
export function newCalls(before: ReadonlyMap<number, number>, now: ReadonlyMap<number, number>): number[] {
  return [...now].filter(([id, calls]) => calls > (before.get(id) ?? 0)).map(([id]) => id);
}

/** Of what a locked screen may say: dangers by their sentence; anything else may be about a person, and says only that it waits. */
const OPENLY = new Set(["warning", "weather"]);

/** What stands on the notification: the level in words, and for a danger what it is. Pure but for the words. */
export function noticeOf(duty: Pick<Duty, "level" | "title" | "subject">): { title: string; body: string } {
  const openly = OPENLY.has(duty.subject.type);
  return {
    title: openly && duty.level > 0 ? t("notify.title", { level: t(`level.${duty.level}.word`) }) : t("notify.duty"),
    body: openly ? duty.title : t("notify.open"),
  };
}
