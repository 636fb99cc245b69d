import { Button, Input } from "antd";
import { t } from "i18next";
import { Search as Glass } from "lucide-react";
import type { ReactNode } from "react";
import { Link, Navigate, useParams, useSearchParams } from "react-router";
import type { FindingRow } from "../../api/types";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { useFinding, useFindings } from "./queries";
import "./rules.css";

function where(row: FindingRow): string {
  return row.site ? `/sites/${row.site.id}/watch` : "/findings";
}

function columns(): Column<FindingRow>[] {
  return [
    { key: "about", title: t("findings.about"), cell: (f) => <b>{f.about.label}</b> },
    { key: "kind", title: t("findings.kind"), from: "wide", cell: (f) => <span className="second">{f.kind_title}</span> },
    { key: "message", title: t("findings.what"), grow: 60, cell: (f) => <span className={f.optional ? "second" : undefined}>{f.message}</span> },
    { key: "duty", title: t("findings.duty"), cell: (f) => <span className="second">{f.optional ? t("watch.optional") : (f.duty?.post ?? "") || t("findings.called")}</span> },
    { key: "since", title: t("findings.since"), from: "wide", right: true, cell: (f) => <span className="second">{f.since.slice(0, 10)}</span> },
  ];
}

/** What should be there and is not, over the whole county. */
export function Findings(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const me = useMe();
  const all = search.get("all") === "1";
  const list = useFindings({ ...(q ? { q } : {}), ...(all ? {} : { optional: false }) });
  useCrumb(t("nav.findings"), "/findings");
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const count = list.data?.pages[0]?.count ?? 0;
  return (
    <div className="page">
      <div className="rules-head rules-find">
        <h1>{list.data && (count > 0 ? (all ? t("findings.sentence.all", { n: count }) : me.whole ? t("findings.sentence", { n: count }) : t("findings.sentence.scope", { n: count })) : t("findings.none"))}</h1>
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("findings.find")}
          aria-label={t("findings.find")}
          defaultValue={q}
          onChange={(event) => setSearch({ ...(all ? { all: "1" } : {}), ...(event.target.value === "" ? {} : { q: event.target.value }) }, { replace: true })}
        />
        <Link to="/requirements" className="rules-way">{t("nav.requirements")}</Link>
        <Exchange table="findings" filter={{ q, ...(all ? {} : { optional: false }) }} />
      </div>
      {list.error && !list.data ? (
        <Failed error={list.error} what={t("nav.findings")} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading what={t("nav.findings")} />
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={q ? t("findings.empty.filtered") : t("findings.none")}>{t("findings.empty.words")}</Empty>
        </div>
      ) : (
        <ResourceTable
          label={t("nav.findings")}
          columns={columns()}
          rows={rows}
          count={count}
          id={(f) => f.id}
          to={where}
          card={(f) => (
            <span className="rules-card">
              <span>
                <b>{f.about.label}</b>
                <i>{f.message}</i>
              </span>
            </span>
          )}
          footer={<Button size="small" onClick={() => setSearch({ ...(all ? {} : { all: "1" }), ...(q ? { q } : {}) }, { replace: true })}>{all ? t("findings.needed") : t("findings.all")}</Button>}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
    </div>
  );
}

/** Where a duty about a finding leads: to what it is about. */
export function FindingDoor(): ReactNode {
  const found = useFinding(Number(useParams().findingId));
  if (found.error && !found.data) return <Navigate to="/findings" replace />;
  if (!found.data) return <Loading what={t("nav.findings")} />;
  return <Navigate to={where(found.data)} replace />;
}
