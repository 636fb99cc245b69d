import type { Action, Duty } from "../../api/types";
import type { DutyVerb } from "../../api/queries";
import type { SeenDuty } from "../../outbox/acts";

/** How a desk is ordered and what one button of a row does. Pure. */
export const groups = ["now", "today", "week"] as const;

const due = (duty: Duty): number => (duty.clock ? Date.parse(duty.clock.due_at) : Infinity);

/** Red first, then by the nearer limit; what has no limit comes last. */
export function sortDuties(duties: readonly Duty[]): Duty[] {
  return [...duties].sort((a, b) => Number(b.level === 4) - Number(a.level === 4) || due(a) - due(b) || a.id - b.id);
}

export function groupDuties(duties: readonly Duty[]): { group: (typeof groups)[number]; items: Duty[] }[] {
  const sorted = sortDuties(duties);
  return groups.map((group) => ({ group, items: sorted.filter((duty) => duty.group === group) })).filter(({ items }) => items.length > 0);
}

/** The one the sentence speaks of: first in the desk's own order among those with a running limit. */
export function mostUrgent(duties: readonly Duty[]): Duty | null {
  return sortDuties(duties.filter((duty) => duty.clock && !duty.clock.done_at))[0] ?? null;
}

/** Where or what, without what happened there. */
export function placeOf(duty: Pick<Duty, "title">): string {
  return duty.title.split(/\uff1a|: /)[0] ?? duty.title;
}

/** Where, without what happened there: a phone's sentence leaves the rest to the row below it. */
export function briefTitle(duty: Pick<Duty, "title">, after: string): string {
  const [where = "", ...rest] = duty.title.split(/\uff1a|: /);
  return rest.length > 0 && after !== "" ? `${where} ${after}` : duty.title;
}

export type RowAct = { how: "send"; verb: DutyVerb } | { how: "note"; verb: DutyVerb } | { how: "open"; url: string };

const onWarning = ["verify", "dispose", "feedback", "close", "withdraw"];

const allowed = (actions: readonly Action[], verb: string): boolean => actions.some((action) => action.verb === verb && action.allowed);

/** Answering is one press; what needs words opens where the words are given. */
export function rowAct(duty: Duty): RowAct {
  // Whose answer is still wanted may give it, though another has answered: told that a stage is late, they are called too.
  if (allowed(duty.actions, "answer")) return { how: "send", verb: "answer" };
  const [room, what = ""] = duty.kind.split(".");
  if (duty.kind === "warning.report") return { how: "open", url: `${duty.subject.url}/report` };
  if (duty.kind === "order.assign") return { how: "open", url: `${duty.subject.url}?do=give` };
  if (duty.kind === "rule.review") return { how: "open", url: "/noise" };
  // A closing that waits for review is agreed to by closing it.
  if (room === "warning" && what === "review") return { how: "open", url: `${duty.subject.url}?do=close` };
  if (room === "warning" && onWarning.includes(what)) return { how: "open", url: `${duty.subject.url}?do=${what}` };
  for (const verb of ["done", "verify", "return", "recall"] as const) {
    if (allowed(duty.actions, verb)) return { how: "note", verb };
  }
  return { how: "open", url: duty.subject.url };
}

/** What goes with an act: how the duty stood when it was done, and which it was. */
export const seenOf = ({ round, opened_at, done_at }: Duty): SeenDuty => ({ round, opened_at, done_at });

/** Where others are called: nobody does their work from here. Whoever has not answered is called again, or it is looked at. */
export function watchAct(duty: Duty): RowAct {
  if (allowed(duty.actions, "answer")) return { how: "send", verb: "answer" };
  if (duty.state !== "called") return { how: "open", url: duty.subject.url };
  return allowed(duty.actions, "recall") ? { how: "send", verb: "recall" } : { how: "open", url: duty.subject.url };
}

/** Whether my answer is wanted. */
export const isCall = (duty: Duty): boolean => allowed(duty.actions, "answer");

/** What is pressed for one's own duty on the page of its subject; what is finished there has its place on that page already. */
export function ownActs(duty: Duty): ("answer" | "decline" | "done")[] {
  if (isCall(duty)) return allowed(duty.actions, "decline") ? ["answer", "decline"] : ["answer"];
  const act = rowAct(duty);
  return act.how === "note" && act.verb === "done" ? ["done"] : [];
}
