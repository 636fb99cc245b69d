import { t } from "i18next";
import type { components } from "../../api/schema";

type SiteNeed = components["schemas"]["SiteNeed"];

const ORDER: Record<SiteNeed["state"], number> = { missing: 0, unheard: 1, unknown: 2, silent: 3, met: 4 };

/** What is lacking first; what is well last. */
export function needOrder<N extends Pick<SiteNeed, "state">>(needs: readonly N[]): N[] {
  return [...needs].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
}

/** `应装 1，已装 1，在报 0`; what is only declared reports nothing. */
export function needWords({ count, there, reporting }: Pick<SiteNeed, "count" | "there" | "reporting">): string {
  return reporting === null ? t("needs.declared", { count, there }) : t("needs.figures", { count, there, reporting });
}

/** What of it is not well, a clause for each way: `缺降水量、视频；没报过数浸润线`. */
export function lackWords(needs: readonly Pick<SiteNeed, "state" | "title">[]): string {
  return (["missing", "unheard", "unknown", "silent"] as const)
    .map((state) => ({ state, titles: needs.filter((one) => one.state === state).map((one) => one.title) }))
    .filter(({ titles }) => titles.length > 0)
    .map(({ state, titles }) => t("needs.lack", { what: t(`watch.need.${state}`), titles: titles.join(t("list.and")) }))
    .join(t("needs.semicolon"));
}
