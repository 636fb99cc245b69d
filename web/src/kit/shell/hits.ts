/** In which order one box shows what it found. Pure. */
export interface Found {
  key: string;
  /** A warning that is closed. */
  over?: boolean;
}

/** What stands open first; then the places, which are what is asked for by name; then points; old warnings last. */
export function inOrder<T extends Found>(warnings: readonly T[], sites: readonly T[], points: readonly T[]): T[] {
  return [...warnings.filter((one) => !one.over), ...sites, ...points, ...warnings.filter((one) => one.over)];
}
