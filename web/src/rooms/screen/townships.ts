import type { SiteMark } from "../../api/types";

/** A township as the wall shows it: sites by their worst open danger, and points that can be used now. */
export interface Township {
  id: number;
  name: string;
  sites: number;
  /** Sites some rule watches, and those that count as silent: without a danger, and none of their points can be seen. */
  watched: number;
  silent: number;
  points: number;
  online: number;
  levels: Record<1 | 2 | 3 | 4, number>;
}

/** All townships that have a site, the worst first: by red, then orange, yellow, blue, then by what cannot be seen. Pure. */
export function townshipsOf(sites: readonly SiteMark[]): Township[] {
  const found = new Map<number, Township>();
  for (const site of sites) {
    const row = found.get(site.territory_id) ?? { id: site.territory_id, name: site.territory, sites: 0, watched: 0, silent: 0, points: 0, online: 0, levels: { 1: 0, 2: 0, 3: 0, 4: 0 } };
    found.set(site.territory_id, row);
    row.sites += 1;
    row.watched += site.points > 0 ? 1 : 0;
    row.silent += site.state === "silent" ? 1 : 0;
    row.points += site.points;
    row.online += Math.max(0, site.points - site.blind);
    if (site.level >= 1 && site.level <= 4) row.levels[site.level as 1 | 2 | 3 | 4] += 1;
  }
  const rank = ({ levels, silent }: Township): number[] => [levels[4], levels[3], levels[2], levels[1], silent];
  return [...found.values()].sort((a, b) => {
    const [one, other] = [rank(a), rank(b)];
    const at = one.findIndex((n, i) => n !== other[i]);
    return at === -1 ? a.name.localeCompare(b.name, "zh") : (other[at] ?? 0) - (one[at] ?? 0);
  });
}
