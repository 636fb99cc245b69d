/** Figures as the county writes them: a true minus, thousands, and no more digits than were measured. */
export function figure(value: number, digits?: number): string {
  const fixed =
    digits === undefined
      ? new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 }).format(value)
      : new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return fixed.replace("-", "\u2212");
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
