/** Figures as the county writes them: a true minus, thousands, and no more digits than were measured. */
export function figure(value: number, digits?: number): string {
  const fixed =
    digits === undefined
      ? new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 }).format(value)
      : new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return fixed.replace("-", "\u2212");
}

/** How many decimals the field writes in a unit; what has none here keeps what was measured, at most two. */
const decimals: Record<string, number> = { m: 2, "m/s": 1, mm: 1, "mm/h": 1, "mm/d": 1, "cm/s": 1, "%": 1, kPa: 1, "\u00b0C": 1, ppm: 0, kW: 0 };

/** A reading as a list shows it: one unit, one number of decimals, so that the points stand under each other. */
export function unitFigure(value: number, unit: string): string {
  const digits = decimals[unit];
  if (digits === undefined) return figure(value, Math.min(2, digitsOf([value])));
  // A value too small for the unit's decimals is not rounded to nothing.
  return figure(value, value !== 0 && Math.abs(value) < 10 ** -digits ? 3 : digits);
}

/** The same with its unit, on one line. */
export function valueWords(value: number, unit: string): string {
  return `${unitFigure(value, unit)}\u00a0${unit}`.trim();
}

/** A figure and its unit stay on one line. */
export function keepUnits(sentence: string): string {
  return sentence.replace(/(\d) (?=[A-Za-z%°μ‰])/g, "$1\u00a0");
}

/** How many decimals a set of values needs to be told apart, at most three. */
export function digitsOf(values: readonly number[]): number {
  let most = 0;
  for (const value of values) {
    const dot = String(Math.round(value * 1000) / 1000).split(".")[1];
    most = Math.max(most, dot?.length ?? 0);
  }
  return Math.min(most, 3);
}
