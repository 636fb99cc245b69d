import { Input } from "antd";
import { t } from "i18next";
import { Search as Glass, X } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import { usePoints, type PointFilter } from "../../api/queries";
import type { Point } from "../../api/types";
import { useUnclaimedCount } from "../../api/unclaimed";
import { CareTag } from "../../kit/CareMark";
import { Clauses } from "../../kit/Clauses";
import { whyEmpty } from "../../kit/empty";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useMe } from "../../kit/shell/Shell";
import { Age, LatestFigure, PointMark } from "./Latest";
import "./points.css";

function columns(): Column<Point>[] {
  return [
    { key: "mark", title: t("point.name"), cell: (p) => <PointName point={p} /> },
    { key: "site", title: t("point.site"), cell: (p) => p.site.name },
    { key: "item", title: t("point.item"), from: "wide", cell: (p) => <span className="second">{p.item_title}</span> },
    { key: "value", title: t("point.latest"), right: true, cell: (p) => <LatestFigure point={p} /> },
    { key: "age", title: t("point.age"), cell: (p) => <Age point={p} /> },
    { key: "every", title: t("point.every"), right: true, from: "wide", cell: (p) => <span className="second">{t("point.seconds", { n: p.interval_s })}</span> },
    { key: "source", title: t("point.source"), from: "wide", cell: (p) => <span className="second">{p.source.name}</span> },
  ];
}

function PointName({ point }: { point: Point }): ReactNode {
  return (
    <span className="pname">
      <PointMark point={point} />
      <b>{point.name}</b> {!point.name.includes(point.address) && <span className="second">{point.address}</span>} <CareTag care={point.care} />
    </span>
  );
}

function card(point: Point): ReactNode {
  return (
    <span className="wcard">
      <PointMark point={point} size={24} />
      <span>
        <b>{point.name}</b> <CareTag care={point.care} />
        <i>
          {`${point.site.name} ${point.address} \u00b7 `}
          <Age point={point} brief />
        </i>
      </span>
      <LatestFigure point={point} />
    </span>
  );
}

/** The worst first, then who is silent; all is well only when the whole list says so. */
function sentence(rows: readonly Point[], count: number, more: boolean): string {
  const raised = rows.filter((p) => (p.latest?.level ?? 0) > 0);
  const quiet = rows.filter((p) => p.latest === null || p.latest.state !== "live").length;
  const worst = Math.max(0, ...raised.map((p) => p.latest?.level ?? 0));
  const rest = quiet > 0 ? t("points.sentence.quiet", { n: count, quiet }) : more || count === 0 ? t("points.sentence.some", { n: count }) : t("points.sentence", { n: count });
  return worst > 0 ? t("points.sentence.raised", { n: raised.length, level: t(`level.${worst}.word`), rest }) : rest;
}

/** The way to what has no point yet; whoever may adopt sees how many wait. */
function UnclaimedLink(): ReactNode {
  const { permissions } = useMe();
  const waiting = useUnclaimedCount(permissions.includes("unclaimed.adopt")).data ?? 0;
  if (!permissions.includes("unclaimed.read")) return null;
  return (
    <Link to="/unclaimed" className="points-unclaimed">
      {t("nav.unclaimed")}
      {waiting > 0 && <em>{waiting}</em>}
    </Link>
  );
}

export function Points(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const site = Number(search.get("site"));
  const territory = Number(search.get("territory"));
  const online = search.get("online");
  const care = search.get("care");
  const filter: PointFilter = {
    ...(q ? { q } : {}),
    ...(site > 0 ? { site } : {}),
    ...(Number.isInteger(territory) && territory > 0 ? { territory } : {}),
    ...(online === "yes" || online === "no" ? { online: online === "yes" } : {}),
    ...(care === "yes" || care === "no" ? { care: care === "yes" } : {}),
  };
  const list = usePoints(filter);
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: name === "q" });
  };
  const filtered = Object.keys(filter).length > 0;
  const me = useMe();
  useCrumb(t("nav.points"), "/points");
  const rows = onceEach(list.data?.pages);
  const count = list.data?.pages[0]?.count ?? 0;
  return (
    <div className="page">
      <div className="points-head">
        <h1>{list.data && <Clauses text={filter.online !== undefined ? t(`points.sentence.online.${online}`, { n: count }) : filter.care !== undefined ? t(`points.sentence.care.${care}`, { n: count }) : sentence(rows, count, list.hasNextPage)} />}</h1>
        {filter.online !== undefined && (
          <button type="button" className="chip" onClick={() => set("online", "")}>
            {t(`points.filter.online.${online}`)} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        {filter.care !== undefined && (
          <button type="button" className="chip" onClick={() => set("care", "")}>
            {t(`points.filter.care.${care}`)} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        {filter.site !== undefined && (
          <button type="button" className="chip" onClick={() => set("site", "")}>
            {t("filter.site", { name: rows[0]?.site.name ?? filter.site })} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        {filter.territory !== undefined && (
          <button type="button" className="chip" onClick={() => set("territory", "")}>
            {t("points.filter.territory")} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("points.find")}
          aria-label={t("points.find")}
          defaultValue={q}
          onChange={(event) => set("q", event.target.value)}
        />
        <Link to="/quality" className="points-unclaimed">{t("nav.quality")}</Link>
        <UnclaimedLink />
        <Exchange table="points" filter={{ ...filter }} />
      </div>
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("what.points")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("what.points")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={filtered ? t("points.empty.filtered") : t("points.empty")}>{whyEmpty("points", me, filtered)}</Empty>
        </div>
      ) : (
        <ResourceTable
          label={t("nav.points")}
          columns={columns()}
          rows={rows}
          count={count}
          id={(p) => p.id}
          to={(p) => `/points/${p.id}`}
          edge={(p) => ((p.latest?.level ?? 0) > 0 ? `var(--l${p.latest?.level}-fill)` : null)}
          card={card}
          footer={t("list.worstFirst")}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
    </div>
  );
}
