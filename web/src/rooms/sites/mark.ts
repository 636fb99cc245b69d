import type { Site, SiteMark, Warning } from "../../api/types";
import { tagState } from "../../kit/levelstate";

function standingOf(worst: Warning | undefined): SiteMark["standing"] {
  const state = worst ? tagState(worst) : null;
  return state === "muted" ? "answered" : state;
}

/** The worst open risk of a list that is worst first; of one site where it is told. Pure. */
export function worstOf(open: readonly Warning[] | undefined, site?: number): Warning | undefined {
  return open?.find((one) => one.category === "risk" && (site === undefined || one.site.id === site));
}

/** A site as its own map draws it: by its worst open risk; what is not known is not normal. Pure. */
export function markOf(site: Site, worst: Warning | undefined): SiteMark {
  const rest = site.points === 0 || site.standing === "unwatched" ? "unwatched" : site.standing === "faulty" ? "silent" : "normal";
  return {
    id: site.id, name: site.name, kind: site.kind, territory: site.territory, territory_id: 0, longitude: site.longitude, latitude: site.latitude,
    state: worst ? "raised" : rest, level: worst?.level ?? 0, standing: standingOf(worst), warning: worst?.id ?? null,
    // What happened stands before the comma, what it is measured against behind it.
    item: worst?.title.split("\uff0c")[0] ?? "", value: null, unit: "", points: site.points, blind: 0, operating: site.operating, care: site.care,
  };
}
