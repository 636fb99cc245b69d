import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { spacingOf, usePoint } from "../../api/queries";
import { asProblem } from "../../api/problem";
import type { Me, PointDetail, PointRule, Threshold } from "../../api/types";
import { CareTag } from "../../kit/CareMark";
import { Curve } from "../../kit/curve/Curve";
import { RangePicker, useRange } from "../../kit/curve/range";
import { Clauses } from "../../kit/Clauses";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { unitFigure, valueWords } from "../../time/figure";
import { date } from "../../time/words";
import { ruleTitle } from "../rules/words";
import { Age, isBackInside, isStale, PointMark } from "./Latest";
import { PointDays } from "./PointDays";
import { PointMarks } from "./PointMarks";
import { serverNow, useNow } from "../../time/server";
import "../rules/rule.css";
import "./points.css";

/** The limits drawn on the curve: those of the rules in force that speak of the value itself. */
export function drawnLimits(rules: readonly PointRule[]): Threshold[] {
  return rules.filter((rule) => rule.enabled && rule.on_value).flatMap((rule) => rule.levels);
}

function Rules({ point, me }: { point: PointDetail; me: Me }): ReactNode {
  return (
    <Panel title={t("rules.title")} note={t("rules.note", { n: point.rules.filter((rule) => rule.enabled).length })} action={
        <span className="rule-doors">
          {me.permissions.includes("rule.edit") && <Link to={`/points/${point.id}/rules/new`}>{t("newRule.door")}</Link>}
          <Link to="/silences">{t("nav.silences")}</Link>
        </span>
      }
    >
      {point.rules.length === 0 ? (
        <p className="note">{t("rules.none")}</p>
      ) : (
        <ul className="rules">
          {point.rules.map((rule) => (
            <li key={rule.id} className={rule.enabled ? undefined : "rule-off"}>
              <p>
                <Link to={`/rules/id/${rule.id}`}><b>{ruleTitle(rule)}</b></Link> <span className="second">{t("rule.version", { version: rule.version })}</span> {!rule.enabled && <span className="tag">{t("rule.off")}</span>}
              </p>
              <p className="second">{rule.sentence}</p>
              {rule.learning_until !== null && <p className="note">{t("rule.learning", { until: date(rule.learning_until) })}</p>}
              {rule.levels.length > 0 && (
                <p className="rule-levels">
                  {[...rule.levels]
                    .sort((a, b) => b.level - a.level)
                    .map((limit) => (
                      <span key={`${limit.level}${limit.direction}`}>
                        <LevelMark level={limit.level} size={14} /> {limit.direction === "low" ? "\u2264" : "\u2265"} {unitFigure(limit.value, rule.levels_unit, { decimals: rule.on_value ? point.decimals : null, beside: limit.value })}
                      </span>
                    ))}
                  {!rule.verified && <span className="tag">{t("rule.unverified")}</span>}
                </p>
              )}
              {rule.cite !== "" && <p className="note">{rule.cite}</p>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** The limit the newest value stands beyond, when it is one on the value itself. */
export function passedLimit(rules: readonly PointRule[], level: number, value: number | null): Threshold | undefined {
  if (value === null) return undefined;
  return drawnLimits(rules).find((limit) => limit.level === level && (limit.direction === "low" ? value <= limit.value : value >= limit.value));
}

/** Whether its level may be that of a rule which judges something else than the value: a slope, a sum, hours left. */
export function byOthers(rules: readonly PointRule[], level: number): boolean {
  return rules.some((rule) => rule.enabled && !rule.on_value && rule.levels.some((limit) => limit.level === level));
}

function PointHead({ point }: { point: PointDetail }): ReactNode {
  const now = useNow();
  const latest = point.latest;
  const level = latest?.level ?? 0;
  const passed = level > 0 && latest ? passedLimit(point.rules, level, latest.value) : undefined;
  return (
    <header className="phead">
      <PointMark point={point} size={level > 0 ? 44 : 32} />
      <div>
        <h1>
          {point.name} {latest && latest.value !== null && <span className={isStale(point, now) ? "stale" : undefined}>{valueWords(latest.value, point.unit, { decimals: point.decimals, beside: passed?.value })}</span>}
          {passed && latest?.value != null && <Clauses text={t(`point.passed.${passed.direction}`, { level: t(`level.${level}.word`), limit: valueWords(passed.value, point.unit, { decimals: point.decimals, beside: passed.value }) })} />}
        </h1>
        <p className="facts-line">
          <span><Link to={`/points?site=${point.site.id}`}>{point.site.name}</Link></span>
          <span>{point.address}</span>
          <span>{point.item_title}</span>
          <span>{t("point.everyWords", { n: point.interval_s })}</span>
          <span>{point.source.name}</span>
          <span>
            <Age point={point} />
          </span>
          {point.care && (
            <Link to={`/silences?open=${point.care.id}`}>
              <CareTag care={point.care} />
            </Link>
          )}
          {isBackInside(drawnLimits(point.rules), level, latest?.value ?? null) && !byOthers(point.rules, level) && (
            <span>
              <strong>{t("point.backInside")}</strong>
            </span>
          )}
        </p>
      </div>
    </header>
  );
}

/** A point that has said nothing for a day: its curve ends where it fell silent, instead of being empty. */
export function quietSince(last: string | undefined, now: number): string | null {
  const at = last === undefined ? now : Date.parse(last);
  return now - at > 24 * 3_600_000 ? new Date(at + 3_600_000).toISOString() : null;
}

export function PointPage({ me }: { me: Me }): ReactNode {
  const id = Number(useParams().pointId);
  const found = usePoint(id);
  const [hours, setHours, readings] = useRange(id, quietSince(found.data?.latest?.ts, serverNow()), found.data?.interval_s ?? 60);
  useCrumb(t("nav.points"), "/points", found.data?.name ?? "\u2026");
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("point.missing")} action={<Link to="/points">{t("point.toList")}</Link>} />;
    return <Failed error={found.error} what={t("what.point")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("what.point")} />;
  const point = found.data;
  return (
    <div className="page">
      <PointHead point={point} />
      <div className="point-body">
        <Panel title={point.item_title} note={point.unit} action={<RangePicker value={hours} set={setHours} />} className="curve-panel">
          {readings.error && !readings.data ? (
            <Failed error={readings.error} what={t("what.curve")} again={() => void readings.refetch()} />
          ) : !readings.data ? (
            <Loading what={t("what.curve")} />
          ) : (
            <Curve
              title={point.name}
              readings={readings.data.items}
              gaps={readings.data.gaps}
              thresholds={drawnLimits(point.rules)}
              axis={point.axis}
              unit={point.unit}
              start={readings.data.start}
              end={readings.data.end}
              every={spacingOf(hours, point.interval_s)}
              latest={point.latest}
              below={270}
              surface={point.axis === "down" ? t("curve.surface", { unit: point.unit }) : null}
            />
          )}
        </Panel>
        <div className="point-side">
          <Rules point={point} me={me} />
          <Panel title={t("point.warnings")} note={t("point.warnings.note", { n: point.warnings.length })}>
            {point.warnings.length === 0 ? (
              <p className="note">{t("point.warnings.none")}</p>
            ) : (
              <ul className="before">
                {point.warnings.map((one) => (
                  <li key={one.id}>
                    <Link to={`/warnings/${one.id}`} className="quiet">
                      <LevelMark level={one.level} state={one.state === "closed" ? "fallen" : "answered"} size={20} />
                      <time dateTime={one.started_at}>{date(one.started_at)}</time>
                      <span>{one.title}</span>
                      <i>{one.result ? t(`result.${one.result}`) : t(`warning.state.${one.state}`)}</i>
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </Panel>
          <PointMarks point={id} />
          <PointDays point={id} />
        </div>
      </div>
    </div>
  );
}
