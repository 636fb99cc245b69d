import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { asProblem } from "../../api/problem";
import type { Backtest, BacktestRow, RuleDetail } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { useCrumb } from "../../kit/shell/crumb";
import { Empty, Failed, Loading } from "../../kit/States";
import { figure } from "../../time/figure";
import { spanWords } from "../../time/words";
import { Ask, begunWith } from "./BacktestAsk";
import { falseOf, formAddress, leadWords, limitWords, mayBacktest, perMonth, standingAt, worthWords } from "./backtest";
import { Lane, PastCurve, type Bar } from "./Past";
import { useBacktest, useRule, type BacktestOf } from "./queries";
import { whenWords } from "./trial";
import { ruleTitle } from "./words";
import "./rules.css";
import "./rule.css";
import "./trial.css";
import "./backtest.css";

const SHOWN = 50;

function stoodBars(row: BacktestRow, end: number): Bar[] {
  // The higher levels are drawn over the milder ones, which stand wherever they do.
  return row.stood.map((one, i) => {
    const begin = Date.parse(one.start);
    const until = one.end === null ? end : Date.parse(one.end);
    return { key: String(i), start: begin, end: until, level: one.level, title: `${t(`level.${one.level}.word`)} ${whenWords(one.start)} ${spanWords(until - begin)}` };
  });
}

function Picture({ rule, told, row }: { rule: RuleDetail; told: Backtest; row: BacktestRow }): ReactNode {
  const end = Date.parse(told.until ?? told.end);
  // A month of which a week is known shows the week.
  const start = Math.max(Date.parse(told.start), told.first === null ? 0 : Date.parse(told.first));
  const events = told.events.map((one, i) => ({ key: String(i), start: Date.parse(one.start), end: Date.parse(one.end), level: 0, title: `${one.name} ${whenWords(one.start)}`, strong: true }));
  return (
    <div className="trial-picture">
      <PastCurve rule={rule} start={start} end={end} now={told.now.levels} then={row.levels} />
      <Lane label={t("backtest.lane.events")} words={t("backtest.lane.events.n", { n: told.events.length })} bars={events} start={start} end={end} />
      <Lane label={t("trial.now")} words={t("backtest.lane.false", { n: falseOf(told.now) })} bars={stoodBars(told.now, end)} start={start} end={end} />
      <Lane label={t("backtest.lane.chosen")} words={t("backtest.lane.false", { n: falseOf(row) })} bars={stoodBars(row, end)} start={start} end={end} />
    </div>
  );
}

/** What was, and what would be where that is something else. */
function Moved({ was, is }: { was: string; is: string }): ReactNode {
  if (was === is) return <td>{was}</td>;
  return (
    <td>
      <span className="second">{was} {"\u2192"}</span> <b>{is}</b>
    </td>
  );
}

function Levels({ told, row }: { told: Backtest; row: BacktestRow }): ReactNode {
  return (
    <div className="backtest-scroll" tabIndex={0} role="region" aria-label={t("backtest.levels")}>
      <table className="backtest-table">
        <thead>
          <tr>
            <th>{t("backtest.level")}</th>
            <th>{t("backtest.limit")}</th>
            <th>{t("backtest.lead")}</th>
            <th>{t("backtest.false")}</th>
            <th>{t("backtest.hours")}</th>
          </tr>
        </thead>
        <tbody>
          {told.now.at.map((was) => {
            const is = row.at.find((one) => one.level === was.level) ?? was;
            return (
              <tr key={was.level}>
                <th scope="row">
                  <LevelMark level={was.level} size={18} label="" /> {t(`level.${was.level}.word`)}
                </th>
                <Moved was={limitWords(told.now.levels, was.level)} is={limitWords(row.levels, was.level)} />
                <Moved was={worthWords(was)} is={worthWords(is)} />
                <Moved was={perMonth(was.false_per_month)} is={perMonth(is.false_per_month)} />
                <Moved was={perMonth(was.false_hours_per_month)} is={perMonth(is.false_hours_per_month)} />
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Events({ told, row }: { told: Backtest; row: BacktestRow }): ReactNode {
  if (told.events.length === 0) return <p className="second">{told.of_warnings ? t("backtest.noEvents") : t("backtest.noEvents.hand")}</p>;
  return (
    <div className="backtest-scroll" tabIndex={0} role="region" aria-label={t("backtest.each")}>
      <table className="backtest-table">
        <thead>
          <tr>
            <th>{t("backtest.event")}</th>
            {row.at.map((one) => (
              <th key={one.level}>
                <LevelMark level={one.level} size={18} label="" /> {t(`level.${one.level}.word`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {told.events.slice(-SHOWN).map((one, i) => {
            const at = Math.max(0, told.events.length - SHOWN) + i;
            const name = one.name === "" ? t("backtest.unnamed", { n: at + 1 }) : one.name;
            return (
              <tr key={at}>
                <th scope="row">
                  {one.warning === null ? name : <Link to={`/warnings/${one.warning}`}>{name}</Link>} <span className="second">{whenWords(one.start)}</span>
                </th>
                {row.at.map((level) => (
                  <td key={level.level}>{leadWords(level.lead[at] ?? null, one.read)}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** One figure at every threshold tried, under the slider's own steps; of an unknown one nothing. */
function Strip({ label, values, step }: { label: string; values: readonly (number | null)[]; step: number }): ReactNode {
  const most = Math.max(0, ...values.map((one) => one ?? 0));
  return (
    <>
      <span className="second">{label}</span>
      <div className="backtest-strip" aria-hidden>
        {values.map((one, i) => (
          <i key={i} className={i === step ? "backtest-here" : undefined} style={{ left: `calc(8px + (100% - 16px) * ${i / Math.max(1, values.length - 1)})`, height: `${one === null || most === 0 ? 0 : (Math.max(0, one) / most) * 100}%` }} />
        ))}
      </div>
      <span />
    </>
  );
}

/** How lead (of the highest level) and false alarms (of the mildest, which all others are part of) change over the sweep. */
function Strips({ told, step }: { told: Backtest; step: number }): ReactNode {
  const worst = told.now.at[0]?.level ?? 4;
  const mildest = told.now.at[told.now.at.length - 1]?.level ?? 1;
  const lead = told.sweep.map((row) => row.at.find((one) => one.level === worst)?.median_lead ?? null);
  const vain = told.sweep.map((row) => row.at.find((one) => one.level === mildest)?.false_per_month ?? null);
  return (
    <>
      {told.events.length > 0 && <Strip label={t("backtest.strip.lead", { level: t(`level.${worst}.word`) })} values={lead} step={step} />}
      <Strip label={t("backtest.strip.false", { level: t(`level.${mildest}.word`) })} values={vain} step={step} />
    </>
  );
}

function Result({ rule, told }: { rule: RuleDetail; told: Backtest }): ReactNode {
  const navigate = useNavigate();
  const [step, setStep] = useState(standingAt(told));
  const row = told.sweep[step] ?? told.now;
  const stands = row.factor === 1;
  if (told.readings === 0) return <p className="rule-effect">{t("backtest.noReadings")}</p>;
  return (
    <>
      <Panel title={t("backtest.signals")} note={t("backtest.signals.note", { n: figure(told.readings), from: whenWords(told.first ?? told.start), until: whenWords(told.last ?? told.end) })}>
        <Picture rule={rule} told={told} row={row} />
        {told.until !== null && <p className="second">{t("trial.until", { at: whenWords(told.until) })}</p>}
      </Panel>
      <Panel title={t("backtest.levels")} note={t("backtest.levels.note")}>
        <div className="backtest-slide">
          <label htmlFor="backtest-factor">
            {t("backtest.factor")} <b>{stands ? t("backtest.factor.now") : `\u00d7 ${row.factor.toFixed(2)}`}</b>
          </label>
          <input id="backtest-factor" type="range" min={0} max={told.sweep.length - 1} step={1} value={step} aria-valuetext={stands ? t("backtest.factor.now") : row.factor.toFixed(2)} onChange={(event) => setStep(Number(event.target.value))} />
          <Button disabled={stands} onClick={() => void navigate(formAddress(rule.id, row))}>
            {t("backtest.propose")}
          </Button>
          <Strips told={told} step={step} />
        </div>
        <Levels told={told} row={row} />
      </Panel>
      <Panel title={t("backtest.each")} note={told.of_warnings ? t("backtest.each.warnings") : t("backtest.each.note", { h: figure(told.before_h) })}>
        <Events told={told} row={row} />
        {told.events.length > SHOWN && <p className="second">{t("backtest.more", { n: SHOWN, all: told.events.length })}</p>}
      </Panel>
    </>
  );
}

function Work({ rule }: { rule: RuleDetail }): ReactNode {
  const [search] = useSearchParams();
  const [of, setOf] = useState<BacktestOf>(() => begunWith(search));
  const found = useBacktest(rule, of);
  return (
    <div className="rules-column">
      <Ask begun={of} ask={setOf} busy={found.isFetching} />
      {found.error ? (
        <Failed error={found.error} what={t("what.backtest")} again={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what={t("what.backtest")} />
      ) : (
        <Result key={found.dataUpdatedAt} rule={rule} told={found.data} />
      )}
    </div>
  );
}

/** \u56de\u6d4b: how early a rule would have spoken of what really happened, how often in vain, and with other thresholds. */
export function BacktestPage(): ReactNode {
  const id = Number(useParams().ruleId);
  const found = useRule(id);
  useCrumb(found.data ? ruleTitle(found.data) : "\u2026", `/rules/id/${id}`, t("backtest.title"));
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("ruleEdit.missing")} action={<Link to="/rules">{t("rules.toList")}</Link>} />;
    return <Failed error={found.error} what={t("what.rule")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("what.rule")} />;
  const rule = found.data;
  return (
    <div className="page">
      <header className="rules-head">
        <h1>{t("backtest.sentence", { place: rule.point?.name ?? rule.site.name, title: ruleTitle(rule) })}</h1>
        <p className="second rule-doors">
          <Link to={`/rules/id/${rule.id}`}>{t("backtest.back")}</Link>
          <span>{rule.sentence}</span>
        </p>
      </header>
      {mayBacktest(rule) ? <Work key={rule.id} rule={rule} /> : <p className="second">{rule.may_edit ? t("backtest.cannot") : t("ruleEdit.readOnly")}</p>}
    </div>
  );
}
