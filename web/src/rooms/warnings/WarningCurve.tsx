import { Segmented } from "antd";
import { t } from "i18next";
import { useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { usePoint, useReadings } from "../../api/queries";
import type { WarningDetail } from "../../api/types";
import { Curve } from "../../kit/curve/Curve";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { clockTime } from "../../time/words";

export const ranges = [24, 168, 720] as const;
export type Range = (typeof ranges)[number];

export function RangePicker({ value, set }: { value: Range; set: (next: Range) => void }): ReactNode {
  return <Segmented<Range> value={value} onChange={set} aria-label={t("curve.range")} options={ranges.map((hours) => ({ value: hours, label: t(`curve.range.${hours}`) }))} />;
}

const HOUR = 3_600_000;

export function WarningCurve({ warning }: { warning: WarningDetail }): ReactNode {
  const [hours, setHours] = useState<Range>(24);
  const until = warning.state === "closed" ? new Date(Date.parse(warning.ended_at ?? warning.last_signal_at) + HOUR).toISOString() : null;
  const point = usePoint(warning.point?.id ?? 0);
  const every = point.data?.interval_s ?? 60;
  const readings = useReadings(warning.point?.id ?? null, hours, until, every);
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
      {warning.rule ? t("curve.why", { level: t(`level.${warning.peak_level}.short`), sentence: warning.rule.sentence }) : ""}{" "}
      <Link to={`/points/${warning.point.id}`}>{warning.rule ? t("rule.version", { version: warning.rule.version }) : warning.point.address}</Link>
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
          every={Math.max(every, ((hours * 3600) / 700) * 1.5) * 1000}
          moment={peak ? { at: Date.parse(peak.at), label: t("curve.moment", { at: clockTime(peak.at), level: t(`level.${peak.level_to}.short`) }) } : null}
          events={warning.events}
          surface={warning.axis === "down" ? t("curve.surface", { unit: warning.point.unit }) : null}
        />
      )}
    </Panel>
  );
}
