import { t } from "i18next";
import type { CSSProperties, ReactNode } from "react";
import { Link } from "react-router";
import { useScreenTrend } from "../../api/queries";
import type { Trend } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Failed, Loading } from "../../kit/States";
import { figure } from "../../time/figure";
import { dayOf, scaleOf, sumOf } from "./trend";

const levels = [4, 3, 2, 1] as const;
const results = ["real", "false_alarm", "device_fault", "unjudged"] as const;
const LABEL_EVERY = 5;

/** 趋势: how many dangers each day brought, red and orange in ink, and what they turned out to be. */
export function TrendPage({ u }: { u: number }): ReactNode {
  const asked = useScreenTrend();
  return (
    <section className="scr-list scr-page" aria-label={t("screen.page.trend")}>
      <header>
        <h2>{t("screen.trend.title", { n: asked.data?.days.length ?? 30 })}</h2>
        <span className="scr-dim">
          <i className="scr-key" /> {t("screen.trend.others")} <i className="scr-key scr-key-severe" /> {t("screen.trend.severe")}
        </span>
      </header>
      {!asked.data ? (
        asked.error ? <Failed error={asked.error} what={t("screen.page.trend")} again={() => void asked.refetch()} /> : <Loading what={t("screen.page.trend")} />
      ) : (
        <div className="scr-trend">
          <Bars trend={asked.data} />
          <Sums trend={asked.data} u={u} />
        </div>
      )}
    </section>
  );
}

function Bars({ trend }: { trend: Trend }): ReactNode {
  const { days } = trend;
  const { top, ticks } = scaleOf(Math.max(0, ...days.map((day) => sumOf(day.levels, levels))));
  const high = (n: number): CSSProperties => ({ height: `${(100 * n) / top}%` });
  return (
    <div className="scr-bars">
      <div className="scr-axis" aria-hidden>
        {ticks.map((n) => (
          <span key={n} style={{ bottom: `${(100 * n) / top}%` }}>
            {n}
          </span>
        ))}
      </div>
      <ol>
        {days.map((day, i) => {
          const all = sumOf(day.levels, levels);
          const severe = sumOf(day.levels, [4, 3]);
          const words = t("screen.trend.day", { day: dayOf(day.day), n: all, severe });
          return (
            <li key={day.day}>
              <Link to={`/warnings?tab=all&category=risk&since=${day.day}&until=${day.day}`} className="quiet" aria-label={words} title={words}>
                <i className="scr-bar" style={high(all)}>
                  <i style={{ height: all > 0 ? `${(100 * severe) / all}%` : 0 }} />
                </i>
              </Link>
              {(days.length - 1 - i) % LABEL_EVERY === 0 && <span>{dayOf(day.day)}</span>}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Sums({ trend, u }: { trend: Trend; u: number }): ReactNode {
  const since = trend.days[0]?.day ?? "";
  const door = `/warnings?tab=all&category=risk&since=${since}`;
  return (
    <dl className="scr-sums">
      {levels.map((level) => (
        <div key={level}>
          <dt>
            <LevelMark level={level} size={26 * u} label="" /> {t(`level.${level}.word`)}
          </dt>
          <dd>
            <Link to={`${door}&level=${level}`} className="quiet">
              <b>{figure(trend.days.reduce((sum, day) => sum + (day.levels[level] ?? 0), 0))}</b>
            </Link>
          </dd>
        </div>
      ))}
      {results.map((result) => (
        <div key={result}>
          <dt>{result === "unjudged" ? t("screen.trend.unjudged") : t(`result.${result}`)}</dt>
          <dd>
            <Link to={`${door}&result=${result}`} className="quiet">
              <b>{figure(trend.results[result] ?? 0)}</b>
            </Link>
          </dd>
        </div>
      ))}
    </dl>
  );
}
