import { Input } from "antd";
import { t } from "i18next";
import { Search as Glass, X } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useStatus, useWarnings, type ListFilter } from "../../api/queries";
import type { Warning } from "../../api/types";
import { whyEmpty } from "../../kit/empty";
import { Clock } from "../../kit/Clock";
import { Exchange } from "../../kit/import/Exchange";
import { LevelMark, LevelTag } from "../../kit/LevelTag";
import { SealedMark } from "../../kit/SealedMark";
import { tagState } from "../../kit/levelstate";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { unitFigure, valueWords } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, moment, spanWords } from "../../time/words";
import { Groups } from "./Groups";
import { limitWords, placeWords, precisionOf } from "./words";
import "./warnings.css";

const tabs = ["open", "mine", "closed", "all"] as const;
type Tab = (typeof tabs)[number];

function Lasted({ warning }: { warning: Warning }): ReactNode {
  const now = useNow();
  const end = warning.ended_at ? Date.parse(warning.ended_at) : now;
  return spanWords(Math.max(0, end - Date.parse(warning.started_at)), true);
}

function Began({ warning }: { warning: Warning }): ReactNode {
  return moment(warning.started_at, useNow());
}

function where(warning: Warning): ReactNode {
  return (
    <>
      {warning.site.name} <SealedMark doing={warning.site.operating} size={16} /> <span className="second">{placeWords(warning)}</span>
    </>
  );
}

function stateWords(warning: Warning): string {
  if (warning.state !== "closed" || !warning.result) return t(`warning.state.${warning.state}`);
  return `${t(`result.${warning.result}`)} ${warning.reason}`.trim();
}

function columns(): Column<Warning>[] {
  return [
    { key: "level", title: t("warning.level"), cell: (w) => <LevelTag level={w.level} state={tagState(w)} grey={w.state === "closed"} /> },
    { key: "title", grow: 40, title: t("warning.what"), cell: (w) => <span title={w.title}>{w.title}</span> },
    { key: "where", title: t("warning.where"), cell: where },
    { key: "territory", title: t("warning.territory"), from: "wide", cell: (w) => <span className="second">{w.site.territory}</span> },
    { key: "value", title: t("warning.value"), right: true, cell: (w) => <b className="figure">{w.value === null ? "\u2014" : unitFigure(w.value, w.unit, precisionOf(w))}</b> },
    { key: "limit", title: t("warning.limit"), cell: (w) => <span className="second">{limitWords(w)}</span> },
    { key: "began", title: t("warning.began"), from: "wide", cell: (w) => <Began warning={w} /> },
    { key: "lasted", title: t("warning.lasted"), right: true, from: "wide", cell: (w) => <Lasted warning={w} /> },
    { key: "answered", title: t("warning.answered"), right: true, cell: (w) => (w.called === 0 ? "\u2014" : `${w.answered}/${w.called}`) },
    { key: "clock", title: t("warning.clock"), right: true, cell: (w) => w.clock && <Clock limit={w.clock} size="list" short /> },
    { key: "state", title: t("warning.state"), cell: stateWords },
  ];
}

function card(warning: Warning): ReactNode {
  return (
    <span className="wcard">
      <LevelMark level={warning.level} state={tagState(warning)} size={30} />
      <span>
        <b>{warning.title}</b>
        <i>
          {warning.site.name} <SealedMark doing={warning.site.operating} size={16} /> {warning.value === null ? "" : valueWords(warning.value, warning.unit, precisionOf(warning))} {stateWords(warning)}
        </i>
      </span>
      {warning.clock && <Clock limit={warning.clock} size="list" short />}
    </span>
  );
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

function chipWords(name: "since" | "until" | "category" | "result", filter: ListFilter): string {
  if (name === "since" || name === "until") return t(`filter.${name}`, { day: filter[name] });
  if (name === "category") return t(`filter.category.${filter.category}`);
  return filter.result === "unjudged" ? t("screen.trend.unjudged") : t(`result.${filter.result}`);
}

function filterOf(tab: Tab, search: URLSearchParams): ListFilter {
  const level = Number(search.get("level"));
  const site = Number(search.get("site"));
  const organisation = Number(search.get("organisation"));
  const q = search.get("q");
  const since = search.get("since");
  const until = search.get("until");
  const category = search.get("category");
  const result = search.get("result");
  return {
    ...(since && DAY.test(since) ? { since } : {}),
    ...(until && DAY.test(until) ? { until } : {}),
    ...(category === "risk" || category === "fault" ? { category } : {}),
    ...(result === "false_alarm" || result === "real" || result === "device_fault" || result === "unjudged" ? { result } : {}),
    state: tab === "mine" ? "open" : tab,
    ...(tab === "mine" ? { mine: true } : {}),
    ...(level >= 1 && level <= 4 ? { level } : {}),
    ...(site > 0 ? { site } : {}),
    ...(organisation > 0 ? { organisation } : {}),
    ...(q ? { q } : {}),
  };
}

export function Warnings(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const asked = search.get("tab") as Tab | null;
  const tab = asked && tabs.includes(asked) ? asked : "open";
  const filter = filterOf(tab, search);
  const list = useWarnings(filter);
  const status = useStatus().data;
  const now = useNow();
  const me = useMe();
  useCrumb(t("nav.warnings"), "/warnings");
  const set = (name: string, value: string | null): void => {
    const next = new URLSearchParams(search);
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: name === "q" });
  };
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const count = list.data?.pages[0]?.count ?? 0;
  const openCount = status ? Object.values(status.levels).reduce((sum, n) => sum + n, 0) : undefined;
  const chips = (["since", "until", "category", "result"] as const).filter((name) => filter[name] !== undefined);
  const filtered = filter.level !== undefined || filter.site !== undefined || filter.organisation !== undefined || filter.q !== undefined || chips.length > 0;
  return (
    <div className="page">
      <h1 className="unseen">{t("nav.warnings")}</h1>
      <div className="tabs tabs-line">
        <div className="tabs-own" role="tablist" aria-label={t("nav.warnings")}>
          {tabs.map((one) => (
            <button key={one} type="button" role="tab" aria-selected={one === tab} onClick={() => set("tab", one === "open" ? null : one)}>
              {t(`warnings.tab.${one}`)} {one === "open" && openCount !== undefined ? openCount : one === tab && list.data ? count : ""}
            </button>
          ))}
        </div>
        <Link to="/silences" className="tabs-door">
          {t("warnings.silences")}
        </Link>
      </div>
      <div className="filters">
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("filter.find")}
          aria-label={t("filter.find")}
          defaultValue={filter.q}
          onChange={(event) => set("q", event.target.value)}
        />
        <div className="levels" role="group" aria-label={t("warning.level")}>
          {[4, 3, 2, 1].map((level) => (
            <button key={level} type="button" aria-pressed={filter.level === level} onClick={() => set("level", filter.level === level ? null : String(level))}>
              <LevelMark level={level} size={14} label="" /> {t(`level.${level}.word`)}
            </button>
          ))}
        </div>
        {filter.site !== undefined && (
          <button type="button" className="chip" onClick={() => set("site", null)}>
            {t("filter.site", { name: rows[0]?.site.name ?? filter.site })} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        {filter.organisation !== undefined && (
          <button type="button" className="chip" onClick={() => set("organisation", null)}>
            {t("filter.site", { name: rows[0]?.site.organisation ?? filter.organisation })} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        {chips.map((name) => (
          <button key={name} type="button" className="chip" onClick={() => set(name, null)}>
            {chipWords(name, filter)} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        ))}
        <span className="second">{list.data && t("warnings.count", { n: count })}</span>
        <span className="filters-age">{list.dataUpdatedAt > 0 && t("filter.updated", { ago: ago(list.dataUpdatedAt + (now - Date.now()), now) })}</span>
        <Exchange table="warnings" filter={{ ...filter }} brief />
      </div>
      {tab === "open" && !filtered && <Groups />}
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("what.warnings")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("what.warnings")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={filtered ? t("warnings.empty.filtered") : t(`warnings.empty.${tab}`)}>{tab === "open" || filtered ? whyEmpty("warnings", me, filtered) : undefined}</Empty>
        </div>
      ) : (
        <ResourceTable
          label={t("nav.warnings")}
          columns={columns()}
          rows={rows}
          count={count}
          id={(w) => w.id}
          to={(w) => `/warnings/${w.id}`}
          edge={(w) => (w.state === "closed" ? null : `var(--l${w.level}-fill)`)}
          grey={(w) => w.state === "closed"}
          card={card}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
          footer={
            <>
              {falseWords(rows)} <Link to="/noise">{t("noise.see")}</Link>
            </>
          }
        />
      )}
    </div>
  );
}

/** What the false alarms among the rows were made of. */
function falseWords(rows: readonly Warning[]): string {
  const reasons = new Map<string, number>();
  for (const row of rows) {
    if (row.result !== "false_alarm" && row.result !== "device_fault") continue;
    const reason = row.reason || t(`result.${row.result}`);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const total = [...reasons.values()].reduce((sum, n) => sum + n, 0);
  if (total === 0) return "";
  const list = [...reasons].sort((a, b) => b[1] - a[1]).map(([reason, n]) => `${reason} ${n}`);
  return t("warnings.false", { n: total, share: Math.round((total / rows.length) * 100), list: list.join(t("list.comma")) });
}
