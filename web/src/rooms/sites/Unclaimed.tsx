import { Button, Checkbox, Input } from "antd";
import { t } from "i18next";
import { Search as Glass } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import type { Me, Point } from "../../api/types";
import { useUnclaimed, type Unclaimed as Row } from "../../api/unclaimed";
import { Clauses } from "../../kit/Clauses";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, moment } from "../../time/words";
import { AdoptDialog } from "./AdoptDialog";
import { everyOf } from "./adopting";
import "../warnings/warnings.css";
import "./points.css";
import "./unclaimed.css";

const MOST = 100; // what the server adopts at once

function When({ at }: { at: string }): ReactNode {
  const now = useNow();
  return <span className="second">{moment(at, now)}</span>;
}

function Last({ row, brief = false }: { row: Row; brief?: boolean }): ReactNode {
  const now = useNow();
  return (
    <span>
      {ago(row.last_at, now)} {!brief && <span className="second">{moment(row.last_at, now)}</span>}
    </span>
  );
}

function often(row: Row): string {
  const every = everyOf(row);
  return every === null ? t("unclaimed.times", { count: row.count }) : t("unclaimed.times.every", { count: row.count, every: figure(every) });
}

function valueOf(row: Row): string {
  return row.last_value === null ? t("unclaimed.noValue") : figure(row.last_value);
}

function why(row: Row): string {
  return row.hindrance === "" ? t("unclaimed.why.unknown") : t(`unclaimed.why.${row.hindrance}`);
}

interface Choosing {
  may: boolean;
  chosen: ReadonlySet<number>;
  toggle: (row: Row) => void;
  adopt: (rows: Row[]) => void;
}

function Box({ row, chosen, toggle }: Choosing & { row: Row }): ReactNode {
  return <Checkbox checked={chosen.has(row.id)} disabled={row.hindrance !== ""} aria-label={t("unclaimed.choose", { address: row.address })} onChange={() => toggle(row)} />;
}

function Verb({ row, adopt }: Choosing & { row: Row }): ReactNode {
  if (row.hindrance !== "") return null;
  return (
    <Button size="small" aria-label={t("unclaimed.adopt.of", { address: row.address })} onClick={() => adopt([row])}>
      {t("adopt.verb")}
    </Button>
  );
}

function columns(choosing: Choosing): Column<Row>[] {
  const { may } = choosing;
  return [
    {
      key: "address",
      title: t("unclaimed.address"),
      cell: (row) => (
        <span className="pname">
          {may && <Box {...choosing} row={row} />}
          <b className="unclaimed-address">{row.address}</b>
        </span>
      ),
    },
    { key: "source", title: t("point.source"), cell: (row) => <Sender row={row} /> },
    { key: "value", title: t("unclaimed.value"), right: true, cell: (row) => <b className="figure">{valueOf(row)}</b> },
    { key: "last", title: t("unclaimed.last"), cell: (row) => <Last row={row} /> },
    { key: "often", title: t("unclaimed.often"), cell: often },
    { key: "first", title: t("unclaimed.first"), from: "wide", cell: (row) => <When at={row.first_at} /> },
    { key: "why", title: t("unclaimed.why"), grow: 24, cell: (row) => <span className="second" title={why(row)}>{why(row)}</span> },
    ...(may ? [{ key: "verb", title: "", right: true, cell: (row: Row) => <Verb {...choosing} row={row} /> }] : []),
  ];
}

/** A source that stands at one site is named by it already. */
function Sender({ row }: { row: Row }): ReactNode {
  return (
    <>
      {row.source.name} {row.site !== null && <span className="second">{row.site.name}</span>}
    </>
  );
}

function card(choosing: Choosing): (row: Row) => ReactNode {
  return (row) => (
    <span className="unclaimed-card">
      {choosing.may && <Box {...choosing} row={row} />}
      <span>
        <b className="unclaimed-address">{row.address}</b> <b className="figure">{valueOf(row)}</b>
        <i>
          <Sender row={row} />
        </i>
        <i>
          <Last row={row} brief />
          {t("list.comma")}{often(row)}
        </i>
        {row.hindrance !== "" && <i>{why(row)}</i>}
      </span>
      {choosing.may && <Verb {...choosing} row={row} />}
    </span>
  );
}

/** What has just become a point, each a door to its page. */
function Adopted({ points }: { points: Point[] }): ReactNode {
  if (points.length === 0) return null;
  return (
    <p className="unclaimed-done" role="status">
      {t("unclaimed.done", { n: points.length })}
      {points.slice(0, 12).map((point) => (
        <Link key={point.id} to={`/points/${point.id}`}>
          {point.name}
        </Link>
      ))}
      {points.length > 12 && <span className="second">{t("unclaimed.done.more", { n: points.length - 12 })}</span>}
    </p>
  );
}

/** 待认领: what comes for addresses without a point. Nothing of it is kept or judged until somebody adopts the address. */
export default function Unclaimed({ me }: { me: Me }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const list = useUnclaimed(q);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [adopting, setAdopting] = useState<Row[]>([]);
  const [made, setMade] = useState<Point[]>([]);
  useCrumb(t("nav.points"), "/points", t("nav.unclaimed"));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const count = list.data?.pages[0]?.count ?? 0;
  const may = me.permissions.includes("unclaimed.adopt");
  const open = rows.filter((row) => row.hindrance === "");
  // In the order of their numbers, as the names proposed for them are read.
  const picked = open.filter((row) => chosen.has(row.id)).sort((a, b) => a.address.localeCompare(b.address, undefined, { numeric: true })).slice(0, MOST);
  const toggle = (row: Row): void => {
    const next = new Set(chosen);
    if (!next.delete(row.id)) next.add(row.id);
    setChosen(next);
  };
  const choosing: Choosing = { may, chosen, toggle, adopt: setAdopting };
  const done = (points: Point[]): void => {
    setMade(points);
    setChosen(new Set());
  };
  return (
    <div className="page">
      <div className="points-head">
        <h1>{list.data && <Clauses text={count === 0 ? t("unclaimed.sentence.none") : t("unclaimed.sentence", { count })} />}</h1>
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("unclaimed.find")}
          aria-label={t("unclaimed.find")}
          value={q}
          onChange={(event) => setSearch(event.target.value === "" ? {} : { q: event.target.value }, { replace: true })}
        />
        <Exchange table="unclaimed" filter={{ q }} />
      </div>
      <p className="second unclaimed-what">{may ? t("unclaimed.what") : t("unclaimed.what.read")}</p>
      <Adopted points={made} />
      {may && open.length > 1 && (
        <div className="unclaimed-bar">
          <span>{picked.length > 0 ? t("unclaimed.chosen", { n: picked.length }) : t("unclaimed.chosen.none")}</span>
          <Button size="small" onClick={() => setChosen(picked.length > 0 ? new Set() : new Set(open.slice(0, MOST).map((row) => row.id)))}>
            {picked.length > 0 ? t("unclaimed.choose.none") : t("unclaimed.choose.all")}
          </Button>
          <Button size="small" type="primary" disabled={picked.length === 0} onClick={() => setAdopting(picked)}>
            {t("unclaimed.adopt.chosen")}
          </Button>
        </div>
      )}
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("what.unclaimed")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("what.unclaimed")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={q ? t("unclaimed.empty.filtered") : t("unclaimed.empty")}>{q ? t("warnings.empty.widen") : t("unclaimed.empty.words")}</Empty>
        </div>
      ) : (
        <div className="unclaimed">
          <ResourceTable
            label={t("nav.unclaimed")}
            columns={columns(choosing)}
            rows={rows}
            count={count}
            id={(row) => row.id}
            grey={(row) => row.hindrance !== ""}
            card={card(choosing)}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
          />
        </div>
      )}
      {adopting.length > 0 && <AdoptDialog rows={adopting} close={() => setAdopting([])} done={done} />}
    </div>
  );
}
