import { wall } from "../../time/words";

/** What a `datetime-local` field holds for a moment, in the county's zone. */
export function fieldTime(at: number | string): string {
  const w = wall(at);
  return `${w.year}-${w.month}-${w.day}T${w.hour}:${w.minute}`;
}

/** The moment such a field means; null while it is empty. The county keeps one zone all year. */
export function momentOf(field: string): string | null {
  return field === "" ? null : `${field.length === 16 ? `${field}:00` : field}+08:00`;
}

/** Where a moment lies in a span, as a share from 0 to 1, kept within it. */
export function share(at: string, start: string, end: string): number {
  const from = Date.parse(start);
  return Math.min(1, Math.max(0, (Date.parse(at) - from) / (Date.parse(end) - from)));
}

/** The local day some days after one, as `2026-11-25`. */
export function dayAfter(day: string, days: number): string {
  const at = new Date(`${day}T12:00:00+08:00`);
  at.setUTCDate(at.getUTCDate() + days);
  const w = wall(at.getTime());
  return `${w.year}-${w.month}-${w.day}`;
}
