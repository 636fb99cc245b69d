import { t } from "i18next";
import type { Silence } from "../../api/silences";
import { moment } from "../../time/words";

/** What a mark does to its point, or did. */
export function markWords(row: Silence, now: number): string {
  const kind = t(`silence.kind.${row.kind}`);
  if (!row.mutes) return t("mark.calls", { kind });
  if (row.state === "planned") return t("mark.planned", { kind });
  if (row.state === "running") return t("mark.running", { kind, at: moment(row.ends_at, now), n: row.withheld });
  return t("mark.over", { kind, n: row.withheld });
}
