import { t } from "i18next";
import type { ReactNode } from "react";
import { usePoint } from "../../api/queries";
import type { Threshold } from "../../api/types";
import { valueWords } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, moment } from "../../time/words";
import { isBackInside, isStale } from "../sites/Latest";

/** What the point says now: the headline holds the value that raised the warning. An old one says since when. */
export function Present({ point, limits, level }: { point: number; limits: readonly Threshold[]; level: number }): ReactNode {
  const found = usePoint(point).data;
  const now = useNow();
  const latest = found?.latest;
  if (!found || !latest || latest.value === null) return null;
  const value = valueWords(latest.value, found.unit, { decimals: found.decimals });
  if (isStale(found, now)) return <span className="stale">{t("warning.presentOld", { value, at: moment(latest.ts, now) })}</span>;
  return (
    <>
      {t("warning.present")} <b className="present">{value}</b> {ago(latest.ts, now)}
      {isBackInside(limits, level, latest.value) && <strong> {t("point.backInside")}</strong>}
    </>
  );
}
