/** In which order one box shows what it found. Pure. */
export interface Found {
  key: string;
  /** A warning that is closed. */
  over?: boolean;
  /** An enterprise that is called exactly what was asked for. */
  exact?: boolean;
}

/** What stands open first; then an enterprise by its whole name, the places, the other enterprises; then points; old warnings last. */
export function inOrder<T extends Found>(warnings: readonly T[], sites: readonly T[], enterprises: readonly T[], points: readonly T[]): T[] {
  return [
    ...warnings.filter((one) => !one.over),
    ...enterprises.filter((one) => one.exact),
    ...sites,
    ...enterprises.filter((one) => !one.exact),
    ...points,
    ...warnings.filter((one) => one.over),
  ];
}
