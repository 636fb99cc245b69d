import { Button, Input } from "antd";
import { t } from "i18next";
import { Search as Glass, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import { useSites, type SiteFilter } from "../../api/queries";
import type { Site } from "../../api/types";
import { whyEmpty } from "../../kit/empty";
import { Exchange } from "../../kit/import/Exchange";
import { SealedTag } from "../../kit/SealedMark";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { SiteForm } from "./SiteForm";
import { SiteMark, Unknown } from "./SiteMark";
import "../warnings/warnings.css";
import "./points.css";

const flags = ["watched", "placed", "lacking", "stopped"] as const;

function columns(): Column<Site>[] {
  return [
    { key: "name", title: t("site.name"), grow: 34, cell: (s) => <SiteName site={s} /> },
    { key: "kind", title: t("site.kind"), cell: (s) => <span className="second">{t(`site.kind.${s.kind}`)}</span> },
    { key: "organisation", title: t("site.organisation"), cell: (s) => s.organisation },
    { key: "territory", title: t("warning.territory"), cell: (s) => <span className="second">{s.territory}</span> },
    { key: "grade", title: t("site.grade"), from: "wide", cell: (s) => <span className="second">{s.grade === "" ? "\u2014" : s.grade}</span> },
    { key: "points", title: t("site.points"), right: true, cell: (s) => s.points },
    { key: "place", title: t("site.place"), from: "wide", cell: (s) => <span className="second">{placeWords(s)}</span> },
  ];
}

export function placeWords(site: Pick<Site, "longitude" | "latitude">): string {
  if (site.longitude === null || site.latitude === null) return t("map.unplaced");
  return `${site.longitude.toFixed(4)}, ${site.latitude.toFixed(4)}`;
}

function SiteName({ site }: { site: Site }): ReactNode {
  return (
    <span className="pname">
      <SiteMark site={site} size={16} /> <b>{site.name}</b> <SealedTag doing={site.operating} /> <Unknown site={site} />
    </span>
  );
}

function card(site: Site): ReactNode {
  return (
    <span className="wcard">
      <SiteMark site={site} size={24} />
      <span>
        <b>{site.name}</b> <SealedTag doing={site.operating} /> <Unknown site={site} />
        <i>
          {t(`site.kind.${site.kind}`)} {site.territory} {t("site.pointsN", { n: site.points })}
        </i>
      </span>
    </span>
  );
}

function filterOf(search: URLSearchParams): SiteFilter {
  const found: SiteFilter = {};
  const q = search.get("q");
  if (q) found.q = q;
  for (const flag of flags) {
    const said = search.get(flag);
    if (said === "yes" || said === "no") found[flag] = said === "yes";
  }
  return found;
}

/** Every site; its name opens the dossier. */
export default function Sites(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const filter = filterOf(search);
  const list = useSites(filter);
  const me = useMe();
  const [adding, setAdding] = useState(false);
  const navigate = useNavigate();
  const mayLicences = me.permissions.includes("licence.read");
  useCrumb(t("nav.sites"), "/sites");
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: name === "q" });
  };
  const rows = onceEach(list.data?.pages);
  const count = list.data?.pages[0]?.count ?? 0;
  const asked = flags.filter((flag) => filter[flag] !== undefined);
  return (
    <div className="page">
      <div className="points-head">
        <h1>{asked.length > 0 ? t(`sites.sentence.${asked[0]}.${filter[asked[0]!] ? "yes" : "no"}`, { n: count }) : t("sites.sentence", { n: count })}</h1>
        {asked.map((flag) => (
          <button key={flag} type="button" className="chip" onClick={() => set(flag, "")}>
            {t(`sites.filter.${flag}.${filter[flag] ? "yes" : "no"}`)} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        ))}
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("sites.find")}
          aria-label={t("sites.find")}
          value={filter.q ?? ""}
          onChange={(event) => set("q", event.target.value)}
        />
        {mayLicences && <Link to="/licences">{t("nav.licences")}</Link>}
        <Exchange table="sites" filter={{ ...filter }} />
        {me.permissions.includes("site.create") && <Button onClick={() => setAdding(true)}>{t("site.new")}</Button>}
      </div>
      <div className="panel">
        {list.error && !list.data ? (
          <Failed error={list.error} what={t("what.sites")} again={() => void list.refetch()} />
        ) : !list.data ? (
          <Loading what={t("what.sites")} />
        ) : rows.length === 0 ? (
          <Empty title={Object.keys(filter).length > 0 ? t("sites.empty") : t("sites.empty.none")}>{whyEmpty("sites", me, Object.keys(filter).length > 0)}</Empty>
        ) : (
          <ResourceTable
            label={t("nav.sites")}
            columns={columns()}
            rows={rows}
            count={count}
            id={(site) => site.id}
            to={(site) => `/sites/${site.id}`}
            edge={(site) => (site.level > 0 ? `var(--l${site.level}-fill)` : null)}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            card={card}
            footer={t("list.worstFirst")}
          />
        )}
      </div>
      {adding && <SiteForm close={() => setAdding(false)} made={(id) => void navigate(`/sites/${id}`)} />}
    </div>
  );
}
