import { t } from "i18next";
import type { ReactNode } from "react";
import { spacingOf, useReadings } from "../../api/queries";
import type { RuleDetail, Threshold } from "../../api/types";
import { Curve } from "../../kit/curve/Curve";
import { Failed, Loading } from "../../kit/States";
import { moved } from "./trial";
import "./trial.css";

export interface Bar {
  key: string;
  start: number;
  end: number;
  level: number;
  title: string;
  strong?: boolean;
}

/** Times above normal on the curve's own time axis; the shape stands where there is room, the words in the title. */
export function Lane({ label, words, bars, start, end }: { label: string; words: string; bars: readonly Bar[]; start: number; end: number }): ReactNode {
  const share = (at: number): number => ((Math.min(end, Math.max(start, at)) - start) / (end - start)) * 100;
  return (
    <div className="trial-lane">
      <b>{label}</b>
      <div className="trial-track" role="img" aria-label={`${label} ${words}`}>
        {bars.map((bar) => (
          <i
            key={bar.key}
            title={bar.title}
            className={bar.strong ? "trial-strong" : undefined}
            style={{ left: `${share(bar.start)}%`, width: `max(4px, ${share(bar.end) - share(bar.start)}%)`, background: bar.level > 0 ? `var(--l${bar.level}-fill)` : "var(--edge)", borderColor: bar.level > 0 ? `var(--l${bar.level}-edge)` : "var(--edge)", height: `${8 + bar.level * 3}px` }}
          />
        ))}
      </div>
      <span className="second">{words}</span>
    </div>
  );
}

/** What the point of a rule sent in that time (UTC ms), with the limits in force and those that would be instead. */
export function PastCurve({ rule, start, end, now, then }: { rule: RuleDetail; start: number; end: number; now: readonly Threshold[]; then: readonly Threshold[] }): ReactNode {
  const hours = Math.max(1, (end - start) / 3_600_000);
  const readings = useReadings(rule.point?.id ?? null, hours, new Date(end).toISOString(), rule.interval_s);
  if (readings.error && !readings.data) return <Failed error={readings.error} what={t("what.curve")} again={() => void readings.refetch()} />;
  if (!readings.data) return <Loading what={t("what.curve")} />;
  return (
    <Curve
      title={rule.point?.name ?? ""} readings={readings.data.items} gaps={readings.data.gaps} axis={rule.axis} unit={rule.unit} start={start} end={end}
      thresholds={rule.on_value ? [...now] : []} drafted={rule.on_value ? moved(now, then) : []} every={spacingOf(hours, rule.interval_s)} height={300}
    />
  );
}
