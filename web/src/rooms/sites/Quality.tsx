import { Input } from "antd";
import { t } from "i18next";
import { Search as Glass, X } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import { useSession } from "../../api/queries";
import { useEnterpriseQuality, usePointQuality, useQuality, type EnterpriseQuality, type PointQuality, type QualitySummary, type Repair } from "../../api/quality";
import { Clauses } from "../../kit/Clauses";
import { Clock } from "../../kit/Clock";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { figure } from "../../time/figure";
import { faults, percent, repairWord, seconds, sentence } from "./quality";
import "../warnings/warnings.css";
import "./points.css";
import "./quality.css";

function Wrong({ row, floor }: { row: PointQuality; floor: number }): ReactNode {
  const found = faults(row, floor).join(t("list.comma"));
  return <span className="second" title={found}>{found}</span>;
}

/** Until when a failed device is to be mended, and how much of that is left. */
function RepairLimit({ repair }: { repair: Repair }): ReactNode {
  return (
    <>
      <span className="second">{repairWord(repair)}</span> {repair.clock && <Clock limit={repair.clock} size="list" short />}
    </>
  );
}

/** Who is to mend it: the way to the duty. */
function RepairOf({ repair, more = "" }: { repair: Repair | null; more?: string }): ReactNode {
  if (repair === null) return <span className="second">{"\u2014"}</span>;
  return (
    <span className="quality-repair">
      <Link to={`/warnings/${repair.warning}`} title={repair.title}>{repair.who || t("call.nobody")}</Link>
      <RepairLimit repair={repair} />
      {more !== "" && <span className="second">{more}</span>}
    </span>
  );
}

/** How many more of an enterprise's devices wait. */
function moreWords(row: EnterpriseQuality): string {
  if (row.repairs < 2) return "";
  return row.late > 0 ? t("quality.repairs.late", { n: row.repairs, late: row.late }) : t("quality.repairs.n", { n: row.repairs });
}

function pointColumns(floor: number): Column<PointQuality>[] {
  return [
    { key: "point", title: t("point.name"), cell: (row) => <b>{row.point.name}</b> },
    { key: "site", title: t("point.site"), cell: (row) => row.site.name },
    { key: "online", title: t("quality.online"), right: true, cell: (row) => <b className="figure">{percent(row.online)}</b> },
    { key: "complete", title: t("quality.complete"), right: true, cell: (row) => <span className="figure">{percent(row.complete)}</span> },
    { key: "late", title: t("quality.late"), right: true, from: "wide", cell: (row) => <span className="figure second">{row.late_p50_s === null ? "\u2014" : seconds(row.late_p50_s)}</span> },
    { key: "wrong", title: t("quality.wrong"), grow: 18, cell: (row) => <Wrong row={row} floor={floor} /> },
    { key: "repair", title: t("quality.repair"), cell: (row) => <RepairOf repair={row.repair} /> },
    { key: "away", title: t("quality.away"), right: true, from: "wide", cell: (row) => <span className="second">{row.away_s > 0 ? seconds(row.away_s) : "\u2014"}</span> },
  ];
}

function pointCard(floor: number): (row: PointQuality) => ReactNode {
  return (row) => (
    <span className="quality-card">
      <span>
        <b>{row.point.name}</b>
        <i>{row.site.name}</i>
        <i>{faults(row, floor).join(t("list.comma"))}</i>
        {row.repair && (
          <i>
            {row.repair.who || t("call.nobody")} <RepairLimit repair={row.repair} />
          </i>
        )}
      </span>
      <b className="figure">{percent(row.online)}</b>
    </span>
  );
}

function enterpriseColumns(): Column<EnterpriseQuality>[] {
  return [
    { key: "name", title: t("quality.enterprise"), cell: (row) => <b>{row.organisation.name}</b> },
    { key: "rank", title: t("quality.rank"), right: true, cell: (row) => <Rank row={row} /> },
    { key: "online", title: t("quality.online"), right: true, cell: (row) => <b className="figure">{percent(row.online)}</b> },
    { key: "complete", title: t("quality.complete"), right: true, cell: (row) => <span className="figure">{percent(row.complete)}</span> },
    { key: "poor", title: t("quality.poor"), right: true, cell: (row) => <span className="figure">{t("quality.of", { n: row.poor, all: row.judged })}</span> },
    { key: "repair", title: t("quality.repair"), cell: (row) => <RepairOf repair={row.repair} more={moreWords(row)} /> },
    { key: "implausible", title: t("quality.implausible"), right: true, from: "wide", cell: (row) => <span className="figure second">{figure(row.implausible)}</span> },
    { key: "stuck", title: t("quality.stuck"), right: true, from: "wide", cell: (row) => <span className="second">{row.stuck_s > 0 ? seconds(row.stuck_s) : "\u2014"}</span> },
  ];
}

function Rank({ row }: { row: EnterpriseQuality }): ReactNode {
  return <span className="figure">{row.rank === null ? "\u2014" : t("quality.of", { n: row.rank, all: row.ranked })}</span>;
}

function enterpriseCard(row: EnterpriseQuality): ReactNode {
  return (
    <span className="quality-card">
      <span>
        <b>{row.organisation.name}</b>
        <i>
          {row.rank !== null && t("quality.rank.words", { n: row.rank, all: row.ranked })} {t("quality.poor.words", { n: row.poor, all: row.judged })}
        </i>
        {row.repair && (
          <i>
            {row.repair.who || t("call.nobody")} <RepairLimit repair={row.repair} /> {moreWords(row)}
          </i>
        )}
      </span>
      <b className="figure">{percent(row.online)}</b>
    </span>
  );
}

/** How it is counted, since enterprises are ranked by it. */
function Measure({ summary }: { summary: QualitySummary }): ReactNode {
  return (
    <p className="second quality-measure">
      {t("quality.measure", { n: summary.intervals, late: summary.late_minutes })} {!summary.verified && <span className="tag">{t("rule.unverified")}</span>}
    </p>
  );
}

interface Chosen {
  summary: QualitySummary;
  q: string;
  organisation: number | null;
}

/** Whose devices are to be repaired; of one enterprise all of its points. */
function Repairs({ summary, q, organisation }: Chosen): ReactNode {
  const filter = { ...(q ? { q } : {}), ...(organisation === null ? { mend: true } : { organisation }) };
  const list = usePointQuality(filter, true);
  const rows = onceEach(list.data?.pages);
  const count = list.data?.pages[0]?.count ?? 0;
  const name = organisation === null ? undefined : rows[0]?.organisation.name;
  const title = organisation === null ? t("quality.repairs") : name === undefined ? t("quality.pointsOf") : t("quality.pointsOf.name", { name });
  return (
    <section aria-label={title}>
      <div className="quality-head">
        <h2>{title}</h2>
        <Exchange table="quality-points" filter={filter} brief />
      </div>
      {list.error && !list.data ? (
        <div className="panel"><Failed error={list.error} what={t("what.quality")} again={() => void list.refetch()} /></div>
      ) : !list.data ? (
        <div className="panel"><Loading what={t("what.quality")} /></div>
      ) : rows.length === 0 ? (
        <div className="panel"><Empty title={q || organisation !== null ? t("points.empty.filtered") : t("quality.repairs.none")}>{q ? t("warnings.empty.widen") : undefined}</Empty></div>
      ) : (
        <ResourceTable
          label={title}
          columns={pointColumns(summary.floor)}
          rows={rows}
          count={count}
          id={(row) => row.id}
          to={(row) => `/points/${row.point.id}`}
          card={pointCard(summary.floor)}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
    </section>
  );
}

function Ranking({ q }: { q: string }): ReactNode {
  const list = useEnterpriseQuality(q);
  const rows = onceEach(list.data?.pages);
  return (
    <section aria-label={t("quality.ranking")}>
      <div className="quality-head">
        <h2>{t("quality.ranking")}</h2>
        <Exchange table="quality-enterprises" filter={{ ...(q ? { q } : {}) }} brief />
      </div>
      {list.error && !list.data ? (
        <div className="panel"><Failed error={list.error} what={t("what.quality")} again={() => void list.refetch()} /></div>
      ) : !list.data ? (
        <div className="panel"><Loading what={t("what.quality")} /></div>
      ) : rows.length === 0 ? (
        <div className="panel"><Empty title={t("quality.ranking.none")} /></div>
      ) : (
        <ResourceTable
          label={t("quality.ranking")}
          columns={enterpriseColumns()}
          rows={rows}
          count={list.data.pages[0]?.count ?? 0}
          id={(row) => row.id}
          to={(row) => `/quality?organisation=${row.organisation.id}`}
          card={enterpriseCard}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
    </section>
  );
}

/** 数据质量: whose devices are to be repaired today, and how enterprises stand. */
export default function Quality(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const organisation = Number(search.get("organisation")) > 0 ? Number(search.get("organisation")) : null;
  const found = useQuality();
  const reads = useSession().data?.permissions.includes("falsified.read") ?? false;
  useCrumb(t("nav.points"), "/points", t("nav.quality"));
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: name === "q" });
  };
  if (found.error && !found.data) return <Failed error={found.error} what={t("what.quality")} again={() => void found.refetch()} />;
  if (!found.data) return <Loading what={t("what.quality")} />;
  const summary = found.data;
  return (
    <div className="page quality">
      <div className="points-head">
        <h1><Clauses text={sentence(summary)} /></h1>
        {organisation !== null && (
          <button type="button" className="chip" onClick={() => set("organisation", "")}>
            {t("quality.filter.enterprise")} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("quality.find")}
          aria-label={t("quality.find")}
          value={q}
          onChange={(event) => set("q", event.target.value)}
        />
      </div>
      <Measure summary={summary} />
      <p className="quality-ways">
        <Link to="/points?online=no">{t("quality.way.offline")}</Link>
        <Link to="/warnings?category=fault">{t("quality.way.faults")}</Link>
        <Link to="/silences">{t("quality.way.care")}</Link>
        <Link to="/requirements">{t("nav.requirements")}</Link>
        {reads && <Link to="/falsified">{t("nav.falsified")}</Link>}
      </p>
      {summary.day === null ? (
        <div className="panel"><Empty title={t("quality.empty")}>{t("quality.empty.words")}</Empty></div>
      ) : (
        <>
          <Repairs summary={summary} q={q} organisation={organisation} />
          {organisation === null && <Ranking q={q} />}
        </>
      )}
    </div>
  );
}
