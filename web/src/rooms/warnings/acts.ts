import type { Action } from "../../api/types";

/** The order of the law: take people out, verify, dispose, feed back, close; send a closing back where one waits. */
export const order = ["withdraw", "verify", "dispose", "feedback", "close", "return"] as const;
export type Verb = (typeof order)[number];

/** The rights behind the acts: who has none of them only reads, and is shown no row of refusals. */
const rights = ["evacuation.order", "warning.verify", "warning.dispose", "warning.feedback", "warning.close", "warning.review"];
export const actsAtAll = (permissions: readonly string[]): boolean => rights.some((right) => permissions.includes(right));

/** Why acts are refused, each reason once with all it refuses. */
export function reasonsOf(acts: Action[]): { why: string; verbs: string[] }[] {
  const found: { why: string; verbs: string[] }[] = [];
  for (const { allowed, why, verb } of acts) {
    if (allowed || !why) continue;
    const same = found.find((one) => one.why === why);
    if (same) same.verbs.push(verb);
    else found.push({ why, verbs: [verb] });
  }
  return found;
}
