import { t } from "i18next";
import type { ReactNode } from "react";
import { useStatus } from "../../api/queries";
import type { Point, Threshold } from "../../api/types";
import { LevelMark, NoDataMark } from "../../kit/LevelTag";
import { unitFigure } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, clockTime, moment, spanWords } from "../../time/words";

/** An old figure must not look like a live one: three intervals without news and it is stale. */
export function isStale(point: Pick<Point, "latest" | "interval_s">, now: number): boolean {
  if (!point.latest) return true;
  if (point.latest.state !== "live") return true;
  return now - Date.parse(point.latest.ts) > 3 * point.interval_s * 1000;
}

/** A level, a grey ring for normal, a dashed ring with a slash for no data. */
export function PointMark({ point, size = 16 }: { point: Point; size?: number }): ReactNode {
  const level = point.latest?.level ?? 0;
  if (level === 0 && (!point.latest || point.latest.state !== "live")) {
    return <NoDataMark size={size} label={t("point.state.none")} />;
  }
  return <LevelMark level={level} size={size} />;
}

/** Beyond a limit no longer, yet the level stands until the rule has seen it stay inside. */
export function isBackInside(limits: readonly Threshold[], level: number, value: number | null): boolean {
  if (level < 1 || value === null || limits.length === 0) return false;
  return !limits.some((limit) => (limit.direction === "low" ? value <= limit.value : value >= limit.value));
}

export function LatestFigure({ point }: { point: Point }): ReactNode {
  const now = useNow();
  if (!point.latest || point.latest.value === null) return <span className="second">{t("point.noValue", { unit: point.unit })}</span>;
  const stale = isStale(point, now);
  return (
    <span className={stale ? "stale" : undefined}>
      <b className="figure">{unitFigure(point.latest.value, point.unit, { decimals: point.decimals })}</b> <span className="second">{point.unit}</span>
    </span>
  );
}

/** While the pipeline cannot be asked, a missing reading says nothing about the point. */
function usePipelineUp(): boolean {
  const parts = useStatus().data?.watching.parts ?? [];
  return parts.every((part) => part.name !== "pipeline" || part.ok);
}

/** How old the reading is; `brief` leaves the time of day out. */
export function Age({ point, brief = false }: { point: Point; brief?: boolean }): ReactNode {
  const now = useNow();
  const pipeline = usePipelineUp();
  const latest = point.latest;
  if (!latest) return pipeline ? <span className="second">{t("point.never")}</span> : <b>{t("point.unasked")}</b>;
  if (latest.state === "fault") return <b>{t("point.fault", { at: moment(latest.ts, now) })}</b>;
  if (isStale(point, now)) return <b>{t("point.stopped", { at: moment(latest.ts, now), length: spanWords(Math.max(0, now - Date.parse(latest.ts))) })}</b>;
  return (
    <span className="second">
      {ago(latest.ts, now)}
      {brief ? "" : ` \u00b7 ${clockTime(latest.ts)}`}
    </span>
  );
}
