import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useDaysOf, type PointQuality } from "../../api/quality";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { figure } from "../../time/figure";
import { clockWords, dayWords, percent, seconds } from "./quality";
import "./quality.css";

function Facts({ day }: { day: PointQuality }): ReactNode {
  const facts: [string, string][] = [
    [t("quality.online"), percent(day.online)],
    [t("quality.complete"), day.complete === null ? percent(null) : `${percent(day.complete)} (${figure(day.covered)}/${figure(day.expected)})`],
    [t("quality.late"), day.late_p50_s === null ? "\u2014" : t("quality.late.words", { p50: seconds(day.late_p50_s), p95: seconds(day.late_p95_s ?? day.late_p50_s) })],
    [t("quality.clock"), clockWords(day.skew_s)],
    [t("quality.stuck"), day.stuck_s === null ? t("quality.stuck.unjudged") : seconds(day.stuck_s)],
    [t("quality.implausible"), figure(day.implausible)],
    [t("quality.away"), day.away_s === 0 ? "\u2014" : day.stopped_s > 0 ? t("quality.away.stopped", { all: seconds(day.away_s), stopped: seconds(day.stopped_s) }) : seconds(day.away_s)],
  ];
  return (
    <dl className="quality-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A point's own figures: its last day reckoned in words, up to thirty days as bars, the oldest first. */
export function PointDays({ point }: { point: number }): ReactNode {
  const found = useDaysOf(point);
  const days = found.data?.items ?? [];
  const [last] = days;
  const low = days.filter((day) => day.online !== null).sort((a, b) => (a.online ?? 0) - (b.online ?? 0))[0];
  const told = low === undefined ? t("quality.days.none") : t("quality.days", { count: days.length, low: percent(low.online), day: dayWords(low.day) });
  return (
    <Panel title={t("nav.quality")} note={last && dayWords(last.day)} action={<Link to="/quality">{t("quality.all")}</Link>}>
      {found.error && !found.data ? (
        <Failed error={found.error} what={t("what.quality")} again={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what={t("what.quality")} />
      ) : last === undefined ? (
        <p className="note">{t("quality.empty.words")}</p>
      ) : (
        <>
          <Facts day={last} />
          <div className="quality-days" role="img" aria-label={told}>
            {[...days].reverse().map((day) => (
              <span key={day.day} className={day.online === null ? "away" : undefined} title={`${dayWords(day.day)} ${percent(day.online)}`}>
                <i style={{ height: `${Math.round((day.online ?? 1) * 100)}%` }} />
              </span>
            ))}
          </div>
          <p className="note">{told}</p>
        </>
      )}
    </Panel>
  );
}
