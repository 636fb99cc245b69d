import { t } from "i18next";
import type { Limit } from "../../api/types";
import type { Dispatch } from "./queries";

/** 市、省. */
export function ranks(to: readonly string[]): string {
  return to.map((rank) => t(`report.rank.${rank}`)).join(t("report.and"));
}

/** A limit for the clock of the house, from when it runs to when it ends. */
export function limitOf(kind: string, starts: string, due: string, done: string | null = null): Limit {
  return { kind, who: "", starts_at: starts, due_at: due, done_at: done, rungs: [] };
}

/** Not received by the office yet; what failed needs somebody at once. */
export function waiting(one: Pick<Dispatch, "state">): boolean {
  return one.state !== "received";
}
