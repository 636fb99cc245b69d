import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { onceEach } from "../../api/pages";
import type { usePoints, useResponsible, useSiteRules, useWarnings } from "../../api/queries";
import type { Rule, SiteDetail, Warning } from "../../api/types";
import { CareTag } from "../../kit/CareMark";
import { LevelMark, LevelTag } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { tagState } from "../../kit/levelstate";
import { figure, keepUnits, placesOf } from "../../time/figure";
import { date, shortTime } from "../../time/words";
import { useTopPosts } from "../people/queries";
import { Holder } from "../people/Room";
import { Needs } from "../rules/Needs";
import { useWatch } from "../rules/queries";
import { ruleTitle } from "../rules/words";
import { headline } from "../warnings/words";
import { Age, LatestFigure, PointMark } from "./Latest";

const BRIEF = 8;

/** The red limit of a point, as the pictures have it at the end of the row. */
function redLine(rules: readonly Rule[], point: number): string {
  const own = rules.filter((rule) => rule.point?.id === point && rule.enabled && rule.on_value).flatMap((rule) => rule.levels);
  const top = Math.max(0, ...own.map((limit) => limit.level));
  const limit = own.find((one) => one.level === top);
  return limit ? `${limit.direction === "low" ? "\u2264" : "\u2265"} ${figure(limit.value, Math.max(...own.map((one) => placesOf(one.value))))}` : "\u2014";
}

interface PointsProps {
  /** Whose points: the site's name. */
  of: string;
  points: ReturnType<typeof usePoints>;
  /** Null where points of several sites stand together: each says its site in place of its address, none its red line. */
  rules: readonly Rule[] | null;
  brief: boolean;
}

export function DossierPoints({ of, points, rules, brief }: PointsProps): ReactNode {
  const rows = onceEach(points.data?.pages);
  const count = points.data?.pages[0]?.count ?? 0;
  // Raised ones first, then those without news: the rest is quiet.
  const urgency = (level: number, state: string | undefined): number => level * 2 + (state === "live" ? 0 : 1);
  const sorted = [...rows].sort((a, b) => urgency(b.latest?.level ?? 0, b.latest?.state) - urgency(a.latest?.level ?? 0, a.latest?.state));
  const live = rows.filter((point) => point.latest?.state === "live").length;
  return (
    <Panel
      title={t("dossier.tab.points")}
      note={rows.length > 0 && rows.length === count ? t("dossier.points.note", { n: count, live }) : undefined}
      action={brief && count > BRIEF ? <Link to="?tab=points">{t("dossier.all", { n: count })}</Link> : undefined}
    >
      {points.error && !points.data ? (
        <Failed error={points.error} what={t("what.points")} again={() => void points.refetch()} />
      ) : !points.data ? (
        <Loading what={t("what.points")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("dossier.points.none", { site: of })}</p>
      ) : (
        <>
          <ul className={rules === null ? "dossier-points dossier-points-sited" : "dossier-points"}>
            {(brief ? sorted.slice(0, BRIEF) : sorted).map((point) => (
              <li key={point.id}>
                <PointMark point={point} size={18} />
                <Link to={`/points/${point.id}`} className="quiet dossier-point">
                  <b>{point.name}</b> <span className="second">{rules === null ? point.site.name : point.address}</span> <CareTag care={point.care} />
                </Link>
                <span className="num">
                  <LatestFigure point={point} />
                </span>
                <span className="dossier-age">
                  <Age point={point} />
                </span>
                {rules !== null && <span className="num second">{redLine(rules, point.id)}</span>}
              </li>
            ))}
          </ul>
          {!brief && points.hasNextPage && (
            <Button size="small" loading={points.isFetchingNextPage} onClick={() => void points.fetchNextPage()}>
              {t("table.more")}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

/** Warnings in a line each. `sited`: of several sites, so that each says whose it is. */
export function WarningRows({ rows, sited = false }: { rows: readonly Warning[]; sited?: boolean }): ReactNode {
  return (
    <ul className="dossier-warnings">
      {rows.map((one) => (
        <li key={one.id}>
          <Link to={`/warnings/${one.id}`} className="quiet">
            <LevelTag level={one.level} state={tagState(one)} size={20} grey={one.state === "closed"} />
            <span className="dossier-title">{keepUnits(sited ? headline(one) : one.title)}</span>
            <span className="second">
              {date(one.started_at)} {shortTime(one.started_at)}
            </span>
            <span className="second">{one.result ? t(`result.${one.result}`) : t(`warning.state.${one.state}`)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function DossierWarnings({ warnings, to, brief }: { warnings: ReturnType<typeof useWarnings>; to: string; brief: boolean }): ReactNode {
  const rows = warnings.data?.pages.flatMap((page) => page.items) ?? [];
  const count = warnings.data?.pages[0]?.count ?? 0;
  return (
    <Panel title={t("dossier.tab.warnings")} note={t("point.warnings.note", { n: count })} action={count > 0 ? <Link to={to}>{t("dossier.toWarnings")}</Link> : undefined}>
      {warnings.error && !warnings.data ? (
        <Failed error={warnings.error} what={t("what.warnings")} again={() => void warnings.refetch()} />
      ) : !warnings.data ? (
        <Loading what={t("what.warnings")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("dossier.warnings.none")}</p>
      ) : (
        <WarningRows rows={brief ? rows.slice(0, BRIEF) : rows} />
      )}
    </Panel>
  );
}

export function DossierResponsible({ people, enterprise }: { people: ReturnType<typeof useResponsible>; enterprise: number }): ReactNode {
  const rows = people.data?.items ?? [];
  // Whoever the enterprise has besides: its safety officer may stand on no rung.
  const others = (useTopPosts(enterprise).data?.items ?? []).filter((post) => !rows.some((row) => row.post_id === post.id));
  const empty = rows.filter((row) => row.person === null).length;
  return (
    <Panel title={t("dossier.tab.responsible")} note={rows.length > 0 ? (empty > 0 ? t("dossier.people.empty", { n: empty }) : t("dossier.people.note")) : undefined}>
      {people.error && !people.data ? (
        <Failed error={people.error} what={t("what.people")} again={() => void people.refetch()} />
      ) : !people.data ? (
        <Loading what={t("what.people")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("dossier.people.none")}</p>
      ) : (
        <>
          <ol className="dossier-people">
            {rows.map((row) => (
              <li key={`${row.post_id}.${row.rung}`}>
                <span className="second">{t(`responsibility.${row.kind}`)}</span>
                <span>
                  <b>{row.post}</b> <span className="second">{row.organisation}</span>
                </span>
                {row.person === null ? <b className="dossier-nobody">{t("call.nobody")}</b> : <span className="second">{row.person === `${row.organisation}${row.post}` ? t("dossier.people.filled") : row.person}</span>}
              </li>
            ))}
          </ol>
          {people.data && others.length > 0 && (
            <ul className="dossier-people">
              {others.map((post) => (
                <li key={post.id}>
                  <span className="second">{t("dossier.people.others")}</span>
                  <span>
                    <b>{post.title}</b> <span className="second">{post.organisation.name}</span>
                  </span>
                  <Holder state={post.state} person={post.person?.name ?? null} stands_for={post.stands_for} />
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Panel>
  );
}

function RuleRow({ rule }: { rule: Rule }): ReactNode {
  return (
    <li className={rule.enabled ? undefined : "rule-off"}>
      <p>
        {rule.point ? (
          <Link to={`/points/${rule.point.id}`} className="quiet">
            <b>{ruleTitle(rule)}</b>
          </Link>
        ) : (
          <b>{ruleTitle(rule)}</b>
        )}{" "}
        <span className="second">{rule.point?.name ?? t(`rule.kind.${rule.kind}`)}</span> <span className="second">{t("rule.version", { version: rule.version })}</span>{" "}
        {!rule.enabled && <span className="tag">{t("rule.off")}</span>}
        {rule.proposals.length > 0 && <span className="tag">{t("dossier.rules.proposed", { n: rule.proposals.length })}</span>}
      </p>
      <p className="second">{rule.sentence}</p>
      {rule.levels.length > 0 && (
        <p className="rule-levels">
          {[...rule.levels]
            .sort((a, b) => b.level - a.level)
            .map((limit) => (
              <span key={`${limit.level}${limit.direction}`}>
                <LevelMark level={limit.level} size={14} /> {limit.direction === "low" ? "\u2264" : "\u2265"} {figure(limit.value, Math.max(...rule.levels.map((one) => placesOf(one.value))))}
              </span>
            ))}
          {!rule.verified && <span className="tag">{t("rule.unverified")}</span>}
        </p>
      )}
      {rule.cite !== "" && <p className="note">{rule.cite}</p>}
    </li>
  );
}

/** What the standards require here, against what is installed and reports. */
function DossierNeeds({ site }: { site: number }): ReactNode {
  const watch = useWatch(site).data;
  return watch && watch.needs.length > 0 ? <Needs site={site} needs={watch.needs} duty={watch.duty} /> : null;
}

/** What watches this site and why, to read; what it lacks stands on top. */
export function DossierRules({ rules, site }: { rules: ReturnType<typeof useSiteRules>; site: SiteDetail }): ReactNode {
  return (
    <div className="dossier-grid">
      <Panel title={t("rules.title")} note={rules.data ? t("dossier.rules.note", { n: rules.data.count, shown: rules.data.items.length }) : undefined}>
        {rules.error && !rules.data ? (
          <Failed error={rules.error} what={t("what.rules")} again={() => void rules.refetch()} />
        ) : !rules.data ? (
          <Loading what={t("what.rules")} />
        ) : rules.data.items.length === 0 ? (
          <p className="note">{t("dossier.rules.none")}</p>
        ) : (
          <ul className="rules">
            {rules.data.items.map((rule) => (
              <RuleRow key={rule.id} rule={rule} />
            ))}
          </ul>
        )}
      </Panel>
      <div className="dossier-column">
        <DossierNeeds site={site.id} />
        <Panel title={t("dossier.findings")} note={t("point.warnings.note", { n: site.findings.length })} action={<Link to={`/sites/${site.id}/watch`}>{t("act.look")}</Link>}>
          {site.findings.length === 0 ? (
            <p className="note">{t("dossier.findings.none")}</p>
          ) : (
            <ul className="rules">
              {site.findings.map((one) => (
                <li key={one.id}>
                  {one.message} {one.optional && <span className="tag">{t("dossier.findings.optional")}</span>}
                </li>
              ))}
            </ul>
          )}
        </Panel>
      </div>
    </div>
  );
}
