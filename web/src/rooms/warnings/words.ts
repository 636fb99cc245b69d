import { t } from "i18next";
import type { Warning, WarningDetail } from "../../api/types";
import { valueWords, type Precision } from "../../time/figure";

/** Where and what in one line; a title that names its site already is not made to say it twice. */
export function headline(warning: Pick<Warning, "title" | "site">): string {
  return warning.title.startsWith(warning.site.name) ? warning.title : `${warning.site.name} ${warning.title}`;
}

/** Value and limit of one warning are written alike. */
export function precisionOf(warning: Pick<Warning, "threshold" | "decimals">): Precision {
  return { decimals: warning.decimals, beside: warning.threshold };
}

/** The limit as it stands in a list: `≤ 6.00 m`. */
export function limitWords(warning: Pick<Warning, "threshold" | "direction" | "unit" | "verified_source" | "decimals">): string {
  if (warning.threshold === null) return "\u2014";
  const sign = warning.direction === "low" ? "\u2264" : "\u2265";
  const doubt = warning.verified_source ? "" : ` ${t("rule.unverified")}`;
  return `${sign} ${valueWords(warning.threshold, warning.unit, precisionOf(warning))}` + doubt;
}

/** A point by its address and name, said once when the name holds the address. */
export function pointWords(point: { name: string; address: string }): string {
  return point.name.includes(point.address) ? point.name : `${point.address} ${point.name}`;
}

/** The point beside the site: its address, and its name when that says more. */
export function placeWords(warning: Pick<Warning, "point">): string {
  return warning.point ? warning.point.address : "";
}

/** Since when it stands at its level: not since it began, which may have been hours ago and blue. */
export function turnedAt({ level, events, started_at }: Pick<WarningDetail, "level" | "events" | "started_at">): string {
  let since: string | null = null;
  let last = started_at;
  for (const event of events) {
    if (event.level_from < level && event.level_to >= level) {
      since ??= event.at;
      last = event.at;
    } else if (event.level_from >= level && event.level_to < level) since = null;
  }
  return since ?? last;
}
