import { t } from "i18next";
import { useMemo, type ReactNode } from "react";
import { Link } from "react-router";
import { spacingOf, usePoint } from "../../api/queries";
import type { WarningDetail } from "../../api/types";
import { Curve } from "../../kit/curve/Curve";
import { RangePicker, useRange } from "../../kit/curve/range";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { serverNow } from "../../time/server";
import { clockTime } from "../../time/words";

const HOUR = 3_600_000;

/** Where the curve ends: now; for what is over, or was told long after it happened (补传), an hour after its last signal. */
export function curveEnd(warning: Pick<WarningDetail, "state" | "ended_at" | "last_signal_at" | "backfill">, now: number): string | null {
  const last = Date.parse(warning.state === "closed" ? (warning.ended_at ?? warning.last_signal_at) : warning.last_signal_at);
  const past = warning.state === "closed" || (warning.backfill && now - last > 24 * HOUR);
  return past ? new Date(last + HOUR).toISOString() : null;
}

/** What the curve says at the peak: what is only unlike before has crossed no line. */
export function momentLabel(kind: string | undefined, peak: { at: string; level_to: number }): string {
  const at = clockTime(peak.at);
  return kind === "anomaly" ? t("curve.moment.unlike", { at }) : t("curve.moment", { at, level: t(`level.${peak.level_to}.short`) });
}

export function WarningCurve({ warning }: { warning: WarningDetail }): ReactNode {
  const until = curveEnd(warning, serverNow());
  const point = usePoint(warning.point?.id ?? 0);
  const every = point.data?.interval_s ?? 60;
  const [hours, setHours, readings] = useRange(warning.point?.id ?? null, until, every);
  const peak = useMemo(() => warning.events.filter((event) => event.level_to === warning.peak_level).at(0), [warning]);
  if (!warning.point) {
    return (
      <Panel title={t("curve.title")}>
        <p className="note">{t("curve.noPoint")}</p>
      </Panel>
    );
  }
  const note = (
    <>
      {warning.rule ? t("curve.why", { level: t(`level.${warning.peak_level}.short`), sentence: warning.sentence || warning.rule.sentence }) : ""}{" "}
      <Link to={`/points/${warning.point.id}`} className="unbroken">{warning.rule ? t("rule.version", { version: warning.rule.version }) : warning.point.address}</Link>
    </>
  );
  return (
    <Panel title={warning.point.name} note={note} action={<RangePicker value={hours} set={setHours} />} className="curve-panel">
      {readings.error && !readings.data ? (
        <Failed error={readings.error} what={t("what.curve")} again={() => void readings.refetch()} />
      ) : !readings.data ? (
        <Loading what={t("what.curve")} />
      ) : (
        <Curve
          title={warning.point.name}
          readings={readings.data.items}
          gaps={readings.data.gaps}
          thresholds={warning.thresholds}
          axis={warning.axis}
          unit={warning.point.unit}
          start={readings.data.start}
          end={readings.data.end}
          every={spacingOf(hours, every)}
          moment={peak ? { at: Date.parse(peak.at), label: momentLabel(warning.rule?.kind, peak) } : null}
          events={warning.events}
          latest={until === null ? point.data?.latest : null}
          surface={warning.axis === "down" ? t("curve.surface", { unit: warning.point.unit }) : null}
        />
      )}
    </Panel>
  );
}
