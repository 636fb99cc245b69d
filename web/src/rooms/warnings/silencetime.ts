/** County time (UTC+8, no summer time) for `datetime-local` fields: they know no zone. */
const EAST_MS = 8 * 3_600_000;

/** "2026-07-21T14:05" of an instant (ms). */
export function localOf(at: number): string {
  return new Date(at + EAST_MS).toISOString().slice(0, 16);
}

/** The instant of a field as RFC 3339; null for an empty or unreadable one. */
export function instantOf(local: string): string | null {
  const at = Date.parse(`${local}:00+08:00`);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
