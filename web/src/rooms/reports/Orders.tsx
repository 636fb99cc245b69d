import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useSession } from "../../api/queries";
import { Clock } from "../../kit/Clock";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { useOrders, type Order } from "./queries";
import { limitOf } from "./words";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

const tabs = ["open", "all"] as const;

/** 2/3 已落实; nobody has it yet reads so. */
export function progress(row: Pick<Order, "state" | "done" | "given">): string {
  if (row.state === "new") return t("order.state.new");
  if (row.state === "ended") return t("order.state.ended");
  return t("order.progress", { done: row.done, given: row.given });
}

function Due({ row }: { row: Order }): ReactNode {
  if (row.state === "ended" || row.state === "done" || !row.due_at) return <span className="second">{"\u2014"}</span>;
  return <Clock limit={limitOf("carry_out", row.received_at, row.due_at)} size="list" short />;
}

function columns(now: number): Column<Order>[] {
  return [
    {
      key: "title",
      title: t("order.what"),
      grow: 40,
      cell: (r) => (
        <span className="pname">
          <b>{r.title}</b> {r.versions > 0 && <em className="tag tag-ink">{t("order.differs", { n: r.versions })}</em>} {(r.site ?? r.organisation) && <span className="second">{(r.site ?? r.organisation)?.name}</span>}
        </span>
      ),
    },
    { key: "sender", title: t("order.sender"), grow: 20, cell: (r) => r.sender },
    { key: "state", title: t("order.state"), cell: (r) => (r.state === "new" ? <b>{progress(r)}</b> : progress(r)) },
    { key: "due", title: t("order.due"), right: true, cell: (r) => <Due row={r} /> },
    { key: "at", title: t("order.at"), from: "wide", cell: (r) => moment(r.received_at, now) },
    { key: "number", title: t("order.theirs"), from: "wide", cell: (r) => <span className="second">{r.their_number || r.number}</span> },
  ];
}

/** 上级指令: what came from above, to whom it was given, how far it is. */
export default function Orders(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const tab = search.get("tab") === "all" ? "all" : "open";
  const list = useOrders(tab);
  const open = useOrders("open");
  const me = useSession().data;
  const now = useNow();
  const may = me?.permissions.includes("order.enter") ?? false;
  useCrumb(t("order.title"), "/orders");
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const standing = open.data?.pages.flatMap((page) => page.items) ?? [];
  const loose = standing.find((row) => row.state === "new");
  const sentence = loose ? t("order.sentence.new", { sender: loose.sender, title: loose.title }) : standing.length > 0 ? t("order.sentence", { n: standing.length }) : t("order.sentence.none");
  return (
    <div className="page reports">
      <div className="points-head">
        <h1>{open.data ? sentence : t("order.title")}</h1>
        <span className="head-tools">
          {may && (
            <Link to="/orders/new">
              <Button type="primary">{t("order.enter")}</Button>
            </Link>
          )}
          <Exchange table="orders" filter={{ state: tab }} />
        </span>
      </div>
      <div className="tabs tabs-line">
        <div className="tabs-own" role="tablist" aria-label={t("order.title")}>
          {tabs.map((name) => (
            <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => setSearch(name === "open" ? {} : { tab: name })}>
              {t(`order.tab.${name}`)} {name === tab ? (list.data?.pages[0]?.count ?? "") : ""}
            </button>
          ))}
        </div>
        {me?.permissions.includes("report.read") && (
          <Link to="/reports" className="tabs-door">
            {t("report.title")}
          </Link>
        )}
      </div>
      <div className="panel">
        {list.error && !list.data ? (
          <Failed error={list.error} what={t("order.title")} again={() => void list.refetch()} />
        ) : !list.data ? (
          <Loading what={t("order.title")} />
        ) : rows.length === 0 ? (
          <Empty title={t("order.empty")}>{may ? t("order.empty.enter") : t("order.empty.words")}</Empty>
        ) : (
          <ResourceTable
            label={t("order.title")}
            columns={columns(now)}
            rows={rows}
            count={list.data.pages[0]?.count ?? 0}
            id={(r) => r.id}
            to={(r) => `/orders/${r.id}`}
            grey={(r) => r.state === "ended"}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            card={(r) => (
              <span className="pcard">
                <span>
                  <b>{r.title}</b>
                  <i>
                    {[r.sender, (r.site ?? r.organisation)?.name, progress(r), r.versions > 0 ? t("order.differs", { n: r.versions }) : null].filter(Boolean).join(" ")}
                  </i>
                </span>
                <Due row={r} />
              </span>
            )}
          />
        )}
      </div>
    </div>
  );
}
