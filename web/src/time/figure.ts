/** Figures as the county writes them: a true minus, thousands, and no more digits than were measured. */
export function figure(value: number, digits?: number): string {
  const fixed =
    digits === undefined
      ? new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 }).format(value)
      : new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return fixed.replace("-", "\u2212");
}

/** How many decimals the field writes in a unit; what has none here keeps what was measured, at most two. */
const byUnit: Record<string, number> = { m: 2, "m/s": 1, mm: 1, "mm/h": 1, "mm/d": 1, "cm/s": 1, "%": 1, kPa: 1, "\u00b0C": 1 };

const MOST = 6;

/** How precisely a value is written: `decimals` as its indicator has them, never fewer than the limit `beside` it has. */
export interface Precision {
  decimals?: number | null | undefined;
  beside?: number | null | undefined;
}

/** How many decimals write a value exactly; a computed one that never ends is written with three figures. */
export function placesOf(value: number): number {
  for (let digits = 0; digits <= MOST; digits += 1) {
    const rounded = Number(value.toFixed(digits));
    if (Math.abs(rounded - value) <= Math.max(1e-12, 1e-9 * Math.abs(value))) return digits;
  }
  return Math.min(MOST, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

/**
 * A reading as a list shows it: the decimals of its indicator, else of its unit, so that points stand under each other.
 * More where fewer would show a value as equal to a limit it is beyond, or as nothing what is not nothing.
 */
export function unitFigure(value: number, unit: string, { decimals, beside }: Precision = {}): string {
  const own = decimals ?? byUnit[unit] ?? Math.min(2, digitsOf([value]));
  let digits = Math.max(own, beside == null ? 0 : placesOf(beside));
  const tooFew = (): boolean => {
    const fixed = value.toFixed(digits);
    return (value !== 0 && Number(fixed) === 0) || (beside != null && value !== beside && fixed === beside.toFixed(digits));
  };
  while (digits < MOST && tooFew()) digits += 1;
  return figure(value, digits);
}

/** The same with its unit, on one line. */
export function valueWords(value: number, unit: string, precision: Precision = {}): string {
  return `${unitFigure(value, unit, precision)}\u00a0${unit}`.trim();
}

/** A figure and its unit stay on one line. */
export function keepUnits(sentence: string): string {
  return sentence.replace(/(\d) (?=[A-Za-z%°℃μ‰])/g, "$1\u00a0");
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
