import type { LicenceDetail, LicenceKind } from "./queries";

/** How much of what is left is shown: three years, as a mine's licences mostly last. */
export const SPAN_DAYS = 3 * 365;

/** The part of the bar that is still valid, 0 … 1; without an end all of it. Pure. */
export function left(days: number | null): number {
  if (days === null) return 1;
  return Math.min(1, Math.max(0, days / SPAN_DAYS));
}

/** Whether the end lies beyond the bar: then it has no end mark. Pure. */
export function beyond(days: number | null): boolean {
  return days === null || days > SPAN_DAYS;
}

/** Whether it holds nothing yet: its first day is to come, as of one granted ahead. Pure. */
export function isAhead(one: { valid_from: string; standing: string }, today: string): boolean {
  return one.valid_from > today && (one.standing === "valid" || one.standing === "expiring");
}

/** The kind of a licence; one the county has taken from its list asks for what the licence has. Not known while the list is on its way. Pure. */
export function kindOf(one: LicenceDetail, kinds: readonly LicenceKind[] | undefined): LicenceKind | undefined {
  const gone = (): LicenceKind => ({ id: one.kind, title: one.title, ground: one.ground, verified: one.verified, lead_days: one.lead_days, personal: one.bearer !== "", capacity: true, required: false });
  return kinds && (kinds.find((row) => row.id === one.kind) ?? gone());
}
