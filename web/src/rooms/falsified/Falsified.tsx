import { Input } from "antd";
import { t } from "i18next";
import { Search as Glass } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import { Clauses } from "../../kit/Clauses";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { dayWords } from "../sites/quality";
import { sentence } from "./pair";
import { useFindings, useSummary, type Finding } from "./queries";
import "../warnings/warnings.css";
import "../sites/points.css";
import "../sites/quality.css";
import "./falsified.css";

const columns = (): Column<Finding>[] => [
  { key: "point", title: t("point.name"), cell: (row) => <b>{row.point.name}</b> },
  { key: "site", title: t("point.site"), cell: (row) => row.site.name },
  { key: "kind", title: t("falsified.kind"), cell: (row) => t(`falsified.kind.${row.kind}`) },
  { key: "state", title: t("falsified.state"), cell: (row) => <span className="tag">{t(`falsified.state.${row.state}`)}</span> },
  { key: "sentence", title: t("falsified.evidence"), grow: 40, from: "wide", cell: (row) => <span className="second" title={row.sentence}>{row.sentence}</span> },
  { key: "day", title: t("falsified.day"), right: true, cell: (row) => <span className="num">{dayWords(row.last_day)}</span> },
];

function card(row: Finding): ReactNode {
  return (
    <span className="quality-card">
      <span>
        <b>{row.point.name}{"\u3000"}{t(`falsified.kind.${row.kind}`)}</b>
        <i>{row.site.name}</i>
        <i>{row.sentence}</i>
      </span>
      <span className="tag">{t(`falsified.state.${row.state}`)}</span>
    </span>
  );
}

function Rows({ all, q }: { all: boolean; q: string }): ReactNode {
  const filter = { ...(all ? {} : { state: "open" }), ...(q ? { q } : {}) };
  const list = useFindings(filter);
  const rows = onceEach(list.data?.pages);
  if (list.error && !list.data) return <div className="panel"><Failed error={list.error} what={t("nav.falsified")} again={() => void list.refetch()} /></div>;
  if (!list.data) return <div className="panel"><Loading what={t("nav.falsified")} /></div>;
  return (
    <section aria-label={t("nav.falsified")}>
      <div className="quality-head">
        <h2>{all ? t("falsified.all") : t("falsified.open")}</h2>
        <Exchange table="falsified" filter={filter} brief />
      </div>
      {rows.length === 0 ? (
        <div className="panel"><Empty title={t("falsified.empty")} /></div>
      ) : (
        <ResourceTable
          label={t("nav.falsified")}
          columns={columns()}
          rows={rows}
          count={list.data.pages[0]?.count ?? 0}
          id={(row) => row.id}
          to={(row) => `/falsified/${row.id}`}
          card={card}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
    </section>
  );
}

/** 存疑读数: what is to be decided first on top. */
export default function Falsified(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const all = search.get("state") === "all";
  const summary = useSummary();
  useCrumb(t("nav.quality"), "/quality", t("nav.falsified"));
  if (summary.error && !summary.data) return <Failed error={summary.error} what={t("nav.falsified")} again={() => void summary.refetch()} />;
  if (!summary.data) return <Loading what={t("nav.falsified")} />;
  const find = (value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete("q");
    else next.set("q", value);
    setSearch(next, { replace: true });
  };
  return (
    <div className="page quality">
      <div className="points-head">
        <h1><Clauses text={sentence(summary.data)} /></h1>
        <Input allowClear prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />} placeholder={t("quality.find")} aria-label={t("quality.find")} value={q} onChange={(event) => find(event.target.value)} />
      </div>
      <p className="second quality-measure">{t("falsified.noProof")} {t("falsified.hidden")} <span className="tag">{t("rule.unverified")}</span></p>
      <p className="quality-ways">
        <Link to={all ? "/falsified" : "/falsified?state=all"}>{all ? t("falsified.way.open") : t("falsified.way.all")}</Link>
      </p>
      <Rows all={all} q={q} />
    </div>
  );
}
