import { monthDay } from "../../time/words";

/** The sum over these levels. Pure. */
export function sumOf(levels: Readonly<Record<string, number>>, which: readonly number[]): number {
  return which.reduce((sum, level) => sum + (levels[level] ?? 0), 0);
}

/** The top of an axis of counts and its ticks: whole, round, and never less than 4. Pure. */
export function scaleOf(most: number): { top: number; ticks: number[] } {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, most / 4))));
  const step = [1, 2, 5, 10].map((n) => n * power).find((one) => one * 4 >= most) ?? 10 * power;
  return { top: 4 * step, ticks: [0, 1, 2, 3, 4].map((n) => n * step) };
}

/** A calendar day of the county (YYYY-MM-DD) as it is written: its noon in the county's zone is that day everywhere. */
export function dayOf(day: string): string {
  return monthDay(`${day}T12:00:00+08:00`);
}
