import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useSession } from "../../api/queries";
import { Clock } from "../../kit/Clock";
import { LevelMark } from "../../kit/LevelTag";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { serverNow, useNow } from "../../time/server";
import { moment } from "../../time/words";
import { useDue, useReports, type Report, type ToTell } from "./queries";
import { Superiors } from "./Superiors";
import { limitOf, ranks, waiting } from "./words";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

const tabs = ["due", "unconfirmed", "sent", "superiors"] as const;
type Tab = (typeof tabs)[number];

function dueLimit(row: ToTell) {
  return limitOf("report", new Date(Math.min(serverNow(), Date.parse(row.due_at) - 3_600_000)).toISOString(), row.due_at);
}

function dueColumns(): Column<ToTell>[] {
  return [
    {
      key: "title",
      title: t("report.what"),
      grow: 44,
      cell: (r) => (
        <span className="pname">
          <LevelMark level={r.warning.level} size={18} label="" /> <b>{r.site}</b> {r.why || r.title}
        </span>
      ),
    },
    { key: "kind", title: t("report.kind"), cell: (r) => t(`report.kind.${r.next}`) },
    { key: "to", title: t("report.to"), cell: (r) => ranks(r.to) },
    { key: "number", title: t("report.warning"), from: "wide", cell: (r) => r.warning.number },
    { key: "due", title: t("report.limit"), right: true, cell: (r) => <Clock limit={dueLimit(r)} size="list" short /> },
  ];
}

function received(row: Report): string {
  const left = row.dispatches.filter(waiting);
  return left.length === 0 ? t("report.allReceived") : left.map((one) => `${one.superior.title} ${t(`report.state.${one.state}`)}`).join(t("list.comma"));
}

function sentColumns(now: number): Column<Report>[] {
  return [
    {
      key: "title",
      title: t("report.what"),
      grow: 40,
      cell: (r) => (
        <span className="pname">
          {r.warning && <LevelMark level={r.warning.level} size={18} state="fallen" label="" />} <b>{r.title}</b>
        </span>
      ),
    },
    { key: "state", title: t("report.receipt"), grow: 28, cell: (r) => <span className={r.dispatches.some((one) => one.state === "failed") ? "weather-late" : "second"}>{received(r)}</span> },
    { key: "at", title: t("report.at"), cell: (r) => moment(r.at, now) },
    { key: "late", title: t("report.inTime"), from: "wide", cell: (r) => (r.late ? <b>{t("report.late")}</b> : <span className="second">{r.due_at ? t("report.onTime") : "\u2014"}</span>) },
    { key: "number", title: t("report.number"), from: "wide", cell: (r) => <span className="second">{r.number}</span> },
  ];
}

function Due({ may }: { may: boolean }): ReactNode {
  const found = useDue();
  if (found.error && !found.data) return <Failed error={found.error} what={t("report.title")} again={() => void found.refetch()} />;
  if (!found.data) return <Loading what={t("report.title")} />;
  if (found.data.items.length === 0) return <Empty title={t("report.empty.due")}>{t("report.empty.due.words")}</Empty>;
  return (
    <ResourceTable
      label={t("report.title")}
      columns={dueColumns()}
      rows={found.data.items}
      count={found.data.count}
      id={(r) => r.warning.id}
      to={(r) => (may ? `/warnings/${r.warning.id}/report` : `/warnings/${r.warning.id}`)}
      edge={(r) => `var(--l${r.warning.level}-fill)`}
      card={(r) => (
        <span className="wcard">
          <LevelMark level={r.warning.level} size={24} />
          <span>
            <b>{`${r.site} ${r.why || r.title}`}</b>
            <i>{t("report.next", { kind: t(`report.kind.${r.next}`), to: ranks(r.to) })}</i>
          </span>
          <Clock limit={dueLimit(r)} size="list" short />
        </span>
      )}
    />
  );
}

function Sent({ state }: { state: "" | "unconfirmed" }): ReactNode {
  const list = useReports(state);
  const now = useNow();
  if (list.error && !list.data) return <Failed error={list.error} what={t("report.title")} again={() => void list.refetch()} />;
  if (!list.data) return <Loading what={t("report.title")} />;
  const rows = list.data.pages.flatMap((page) => page.items);
  if (rows.length === 0) return <Empty title={state === "" ? t("report.empty.sent") : t("report.empty.unconfirmed")}>{t("report.empty.words")}</Empty>;
  return (
    <ResourceTable
      label={t("report.title")}
      columns={sentColumns(now)}
      rows={rows}
      count={list.data.pages[0]?.count ?? 0}
      id={(r) => r.id}
      to={(r) => `/reports/${r.id}`}
      more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
      card={(r) => (
        <span className="pcard">
          <span>
            <b>{r.title}</b>
            <i>
              {received(r)} {moment(r.at, now)}
            </i>
          </span>
        </span>
      )}
    />
  );
}

/** 信息上报: what is to be told upward and by when, what was told, who has not received it; the way to the orders. */
export default function Reports(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const asked = search.get("tab") as Tab | null;
  const tab = asked && tabs.includes(asked) ? asked : "due";
  const me = useSession().data;
  const due = useDue();
  useCrumb(t("report.title"), "/reports");
  const may = me?.permissions.includes("report.send") ?? false;
  const edits = me?.permissions.includes("superior.edit") ?? false;
  const first = due.data?.items[0];
  return (
    <div className="page reports">
      <div className="points-head">
        <h1>{!due.data ? t("report.title") : first ? t("report.sentence", { site: first.site, kind: t(`report.kind.${first.next}`), to: ranks(first.to) }) : t("report.sentence.none")}</h1>
        <span className="head-tools">
          <Exchange table="reports" filter={{ state: tab === "unconfirmed" ? tab : "" }} />
        </span>
      </div>
      <div className="tabs tabs-line">
        <div className="tabs-own" role="tablist" aria-label={t("report.title")}>
          {tabs.filter((name) => name !== "superiors" || edits || tab === name).map((name) => (
            <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => setSearch(name === "due" ? {} : { tab: name })}>
              {t(`report.tab.${name}`)} {name === "due" ? (due.data?.count ?? "") : ""}
            </button>
          ))}
        </div>
        <Link to="/orders" className="tabs-door">
          {t("order.title")}
        </Link>
      </div>
      <div className="panel">{tab === "due" ? <Due may={may} /> : tab === "superiors" ? <Superiors may={edits} /> : <Sent state={tab === "sent" ? "" : "unconfirmed"} />}</div>
    </div>
  );
}
