/** The name each address gets: `hole` in the pattern stands for it. A pattern without one would name all alike. */
export function nameOf(pattern: string, hole: string, address: string): string {
  return pattern.trim().replaceAll(hole, () => address);
}

/** A pattern out of the name proposed for one of them. */
export function patternOf(name: string, hole: string, address: string): string {
  return address !== "" && name.includes(address) ? name.replace(address, () => hole) : hole;
}

/** Seconds between readings as they came, to two figures; null where too few came to tell. */
export function everyOf(row: { count: number; first_at: string; last_at: string }): number | null {
  const span = (Date.parse(row.last_at) - Date.parse(row.first_at)) / 1000;
  if (row.count < 2 || !(span > 0)) return null;
  return Number((span / (row.count - 1)).toPrecision(2));
}
