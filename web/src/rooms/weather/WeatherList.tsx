import { Button } from "antd";
import { t } from "i18next";
import { CloudLightning } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useSession } from "../../api/queries";
import { Clauses } from "../../kit/Clauses";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { useLeftOver, useWeather, type Weather } from "./queries";
import { answeredWords, unanswered } from "./words";
import "../sites/points.css";
import "../warnings/warnings.css";
import "./weather.css";

const tabs = ["active", "ended", "all"] as const;

function Until({ row }: { row: Weather }): ReactNode {
  const now = useNow();
  if (row.state === "ended") return <span className="second">{t(`weather.ended.${row.ended_by || "expired"}`)} {row.ended_at ? moment(row.ended_at, now) : ""}</span>;
  return <span>{t("weather.until", { at: moment(row.ends_at, now) })}</span>;
}

function columns(): Column<Weather>[] {
  return [
    {
      key: "title",
      title: t("weather.what"),
      grow: 44,
      cell: (row) => (
        <span className="pname">
          <LevelMark level={row.level} state={row.state === "ended" ? "fallen" : unanswered(row) ? "unanswered" : "answered"} size={18} label="" /> <b>{row.title}</b>
        </span>
      ),
    },
    { key: "townships", title: t("weather.townships"), cell: (row) => <span className={row.townships_answered < row.townships ? "weather-late" : "second"}>{answeredWords(row)}</span> },
    { key: "enterprises", title: t("weather.enterprises"), right: true, cell: (row) => (row.enterprises === 0 ? "\u2014" : `${row.enterprises_answered}/${row.enterprises}`) },
    { key: "until", title: t("weather.untilHead"), cell: (row) => <Until row={row} /> },
    { key: "number", title: t("weather.number"), from: "wide", cell: (row) => <span className="second">{row.number}</span> },
  ];
}

function card(row: Weather): ReactNode {
  return (
    <span className="wcard">
      <LevelMark level={row.level} state={row.state === "ended" ? "fallen" : unanswered(row) ? "unanswered" : "answered"} size={24} />
      <span>
        <b>{row.title}</b>
        <i>
          {answeredWords(row)} <Until row={row} />
        </i>
      </span>
    </span>
  );
}

/** The page's sentence: the worst that somebody has not answered, else how much stands. */
function sentence(rows: Weather[]): string {
  const waiting = rows.find(unanswered);
  if (waiting) {
    const names = [...waiting.townships_waiting, ...waiting.enterprises_waiting];
    return names.length > 0 ? t("weather.sentence.waiting", { title: waiting.title, names: names.slice(0, 3).join(t("list.comma")), n: names.length }) : t("weather.sentence.county", { title: waiting.title });
  }
  return rows.length > 0 ? t("weather.sentence.answered", { n: rows.length }) : t("weather.sentence.none");
}

function LeftOver(): ReactNode {
  const refused = useLeftOver("refused");
  const noted = useLeftOver("noted");
  const now = useNow();
  const rows = [...(refused.data?.items ?? []), ...(noted.data?.items ?? [])].sort((a, b) => b.id - a.id).slice(0, 12);
  if (rows.length === 0) return null;
  return (
    <Panel title={t("weather.leftover")} note={t("weather.leftover.note")} action={<Exchange table="weather-messages" brief />}>
      <ul className="weather-messages">
        {rows.map((row) => (
          <li key={row.id}>
            <span>
              <b>{t(`weather.standing.${row.standing}`)}</b> {row.headline || t("weather.unreadable")}
            </span>
            <span className="second">
              {row.because} {t(`weather.door.${row.door}`)} {row.by} {moment(row.received_at, now)}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** 气象预警: what stands, who has not answered. */
export default function WeatherList(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const asked = search.get("tab") as (typeof tabs)[number] | null;
  const tab = asked && tabs.includes(asked) ? asked : "active";
  const list = useWeather(tab);
  const active = useWeather("active");
  const may = useSession().data?.permissions.includes("weather.enter") ?? false;
  useCrumb(t("nav.weather"), "/weather");
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const enter = may ? (
    <Link to="/weather/new">
      <Button type="primary">{t("weather.enter")}</Button>
    </Link>
  ) : undefined;
  return (
    <div className="page weather">
      <div className="points-head">
        <h1>{active.data ? <Clauses text={sentence(active.data.pages.flatMap((page) => page.items))} /> : t("nav.weather")}</h1>
        <span className="head-tools">
          {enter}
          <Exchange table="weather" filter={{ state: tab }} />
        </span>
      </div>
      <div className="tabs tabs-line" role="tablist" aria-label={t("nav.weather")}>
        {tabs.map((name) => (
          <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => setSearch(name === "active" ? {} : { tab: name })}>
            {t(`weather.tab.${name}`)} {name === tab ? (list.data?.pages[0]?.count ?? "") : ""}
          </button>
        ))}
      </div>
      <div className="panel">
        {list.error && !list.data ? (
          <Failed error={list.error} what={t("nav.weather")} again={() => void list.refetch()} />
        ) : !list.data ? (
          <Loading what={t("nav.weather")} />
        ) : rows.length === 0 ? (
          <Empty title={t("weather.empty")} action={<CloudLightning size={28} strokeWidth={1.2} aria-hidden />}>
            {may ? t("weather.empty.enter") : t("weather.empty.words")}
          </Empty>
        ) : (
          <ResourceTable
            label={t("nav.weather")}
            columns={columns()}
            rows={rows}
            count={list.data.pages[0]?.count ?? 0}
            id={(row) => row.id}
            to={(row) => `/weather/${row.id}`}
            edge={(row) => (row.state === "active" ? `var(--l${row.level}-fill)` : null)}
            grey={(row) => row.state === "ended"}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            card={card}
          />
        )}
      </div>
      <LeftOver />
    </div>
  );
}
