import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { RuleDetail, Trial, TriedSide, TriedWarning } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { figure } from "../../time/figure";
import { spanWords } from "../../time/words";
import { Lane, PastCurve, type Bar } from "./Past";
import { useTrial, type TrialOf } from "./queries";
import { countWords, doubtful, harmed, sentence, shortOf, whenWords } from "./trial";
import "./trial.css";

function barsOf(side: TriedSide, end: number): Bar[] {
  return side.episodes.map((one) => {
    const until = one.end === null ? end : Date.parse(one.end);
    const begin = Date.parse(one.start);
    return { key: one.start, start: begin, end: until, level: one.level, title: `${t(`level.${one.level}.word`)} ${whenWords(one.start)} ${spanWords(until - begin)}` };
  });
}

function warningBars(warnings: readonly TriedWarning[], end: number): Bar[] {
  const bad = new Set(harmed(warnings).map((one) => one.id));
  return warnings.map((one) => ({
    key: String(one.id), start: Date.parse(one.started_at), end: one.ended_at === null ? end : Date.parse(one.ended_at), level: one.level,
    title: `${one.number} ${one.result ? t(`result.${one.result}`) : t("trial.unverified")} ${whenWords(one.started_at)}`, strong: bad.has(one.id),
  }));
}

function Line({ one }: { one: TriedWarning }): ReactNode {
  const delay = one.delay_s === null ? "" : spanWords(Math.abs(one.delay_s) * 1000);
  return (
    <li>
      <Link to={`/warnings/${one.id}`}>
        <LevelMark level={one.level} size={16} /> {whenWords(one.started_at)} {one.title}
      </Link>{" "}
      <span className="tag">{one.result ? t(`result.${one.result}`) : t("trial.unverified")}</span> <b>{t(`trial.verdict.${one.verdict}`, { delay })}</b>
    </li>
  );
}

/** A warning verified real that the change would have missed comes before everything else, and cannot be overlooked. */
function Harm({ trial }: { trial: Trial }): ReactNode {
  const real = harmed(trial.warnings);
  const open = doubtful(trial.warnings);
  if (real.length === 0 && open.length === 0) return null;
  return (
    <div className={real.length > 0 ? "trial-harm" : "trial-doubt"} role={real.length > 0 ? "alert" : undefined}>
      <b>{real.length > 0 ? t("trial.harm", { n: real.length }) : t("trial.doubt", { n: open.length })}</b>
      <ul>
        {[...real, ...open].slice(0, 12).map((one) => (
          <Line key={one.id} one={one} />
        ))}
      </ul>
      {real.length + open.length > 12 && <p>{t("trial.more", { n: real.length + open.length - 12 })}</p>}
    </div>
  );
}

function Picture({ rule, trial }: { rule: RuleDetail; trial: Trial }): ReactNode {
  const end = Date.parse(trial.end);
  // A month of which a week is known shows the week.
  const hours = shortOf(trial) === null || trial.first === null ? trial.days * 24 : Math.ceil((end - Date.parse(trial.first)) / 3_600_000);
  const start = end - hours * 3_600_000;
  return (
    <div className="trial-picture">
      <PastCurve rule={rule} start={start} end={end} now={trial.now.levels} then={trial.then.levels} />
      <Lane label={t("trial.now")} words={countWords(trial.now)} bars={barsOf(trial.now, end)} start={start} end={end} />
      <Lane label={t("trial.then")} words={countWords(trial.then)} bars={barsOf(trial.then, end)} start={start} end={end} />
      <Lane label={t("trial.warned")} words={t("trial.warned.n", { n: trial.warnings.length })} bars={warningBars(trial.warnings, end)} start={start} end={end} />
    </div>
  );
}

function Result({ rule, trial }: { rule: RuleDetail; trial: Trial }): ReactNode {
  const short = shortOf(trial);
  if (trial.readings === 0) return <p className="rule-effect">{t("trial.noReadings", { n: trial.days })}</p>;
  const late = trial.now.late + trial.then.late;
  const untried = trial.warnings.filter((one) => one.verdict === "untried").length;
  return (
    <>
      <Harm trial={trial} />
      <p className="trial-sentence">{sentence(trial)}</p>
      <Picture rule={rule} trial={trial} />
      <p className="second">
        {t("trial.basis", { n: figure(trial.readings) })} {short !== null && t("trial.short", { n: short })} {trial.until !== null && t("trial.until", { at: whenWords(trial.until) })} {untried > 0 && t("trial.untried", { n: untried })} {late > 0 && t("trial.late", { now: trial.now.late, then: trial.then.late })}
      </p>
    </>
  );
}

/** 试近 30 天: the engine over what the point has sent, by the rule in force and by the change. `stale`: typed on since. */
export function TrialView({ rule, of, stale, bare = false }: { rule: RuleDetail; of: TrialOf; stale: boolean; bare?: boolean }): ReactNode {
  const found = useTrial(rule, of);
  const inside = found.error ? (
    <Failed error={found.error} what={t("what.trial")} again={() => void found.refetch()} />
  ) : !found.data ? (
    <Loading what={t("what.trial")} />
  ) : (
    <Result rule={rule} trial={found.data} />
  );
  if (bare) return <section aria-label={t("trial.title", { n: 30 })}>{inside}</section>;
  return (
    <Panel title={t("trial.title", { n: 30 })} note={stale ? t("trial.stale") : t("trial.note")} className={stale ? "trial-stale" : ""}>
      {inside}
    </Panel>
  );
}
