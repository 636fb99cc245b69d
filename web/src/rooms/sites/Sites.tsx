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
import { CareTag } from "../../kit/CareMark";
import { SealedTag } from "../../kit/SealedMark";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { SiteForm } from "./SiteForm";
import { SiteMark, Unknown } from "./SiteMark";
import "../warnings/warnings.css";
import "./points.css";

const flags = ["watched", "placed", "lacking", "stopped", "care"] as const;
const states = ["raised", "normal", "silent", "unwatched"] as const;

/** The filters that stand, each a chip that takes it away; the first of them speaks in the sentence above the list. */
interface Chip {
  name: string;
  words: string;
  sentence?: (n: number) => string;
}

function chipsOf(filter: SiteFilter, rows: readonly Site[]): Chip[] {
  const found: Chip[] = flags
    .filter((flag) => filter[flag] !== undefined)
    .map((flag) => ({ name: flag, words: t(`sites.filter.${flag}.${filter[flag] ? "yes" : "no"}`), sentence: (n) => t(`sites.sentence.${flag}.${filter[flag] ? "yes" : "no"}`, { n }) }));
  const { state } = filter;
  if (state) found.push({ name: "state", words: t(`sites.filter.state.${state}`), sentence: (n) => t(`sites.sentence.state.${state}`, { n }) });
  if (filter.level) found.push({ name: "level", words: t(`level.${filter.level}.word`) });
  if (filter.territory) found.push({ name: "territory", words: rows[0]?.territory ?? t("warning.territory") });
  return found;
}

function columns(): Column<Site>[] {
  return [
    { key: "name", title: t("site.name"), grow: 34, cell: (s) => <SiteName site={s} /> },
    { key: "kind", title: t("site.kind"), cell: (s) => <span className="second">{t(`site.kind.${s.kind}`)}</span> },
    { key: "organisation", title: t("site.organisation"), cell: (s) => <Link to={`/enterprises/${s.organisation_id}`}>{s.organisation}</Link> },
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
      <SiteMark site={site} size={16} /> <b>{site.name}</b> <SealedTag doing={site.operating} /> <Unknown site={site} /> <CareTag care={site.care} />
    </span>
  );
}

function card(site: Site): ReactNode {
  return (
    <span className="wcard">
      <SiteMark site={site} size={24} />
      <span>
        <b>{site.name}</b> <SealedTag doing={site.operating} /> <Unknown site={site} /> <CareTag care={site.care} />
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
  const state = states.find((one) => one === search.get("state"));
  if (state) found.state = state;
  const level = Number(search.get("level"));
  if ([1, 2, 3, 4].includes(level)) found.level = level;
  const territory = Number(search.get("territory"));
  if (Number.isInteger(territory) && territory > 0) found.territory = territory;
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
  const chips = chipsOf(filter, rows);
  return (
    <div className="page">
      <div className="points-head">
        <h1>{list.data && (chips[0]?.sentence?.(count) ?? t("sites.sentence", { n: count }))}</h1>
        {chips.map((chip) => (
          <button key={chip.name} type="button" className="chip" onClick={() => set(chip.name, "")}>
            {chip.words} <X size={14} strokeWidth={1.6} aria-hidden />
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
