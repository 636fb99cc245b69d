import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { Search as Glass } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import type { components } from "../../api/schema";
import { Clock } from "../../kit/Clock";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { GapLimit } from "./Needs";
import { lackWords } from "./needs";
import { usePacks, useRequirements } from "./queries";
import "./rules.css";

type SiteNeeds = components["schemas"]["SiteNeeds"];

function met(row: SiteNeeds): string {
  return t("quality.of", { n: row.needs.filter((one) => one.state === "met").length, all: row.needs.length });
}

function Whose({ row }: { row: SiteNeeds }): ReactNode {
  const to = `/sites/${row.site.id}/watch`;
  if (!row.bound) return <Link to={to}>{t("needs.unbound")}</Link>;
  return row.duty ? <GapLimit duty={row.duty} to={to} /> : <span className="second">{"\u2014"}</span>;
}

function columns(): Column<SiteNeeds>[] {
  return [
    { key: "site", title: t("point.site"), cell: (row) => <b>{row.site.name}</b> },
    { key: "kind", title: t("site.kind"), from: "wide", cell: (row) => <span className="second">{t(`site.kind.${row.kind}`)}</span> },
    { key: "organisation", title: t("site.organisation"), from: "wide", cell: (row) => <Link to={`/enterprises/${row.organisation.id}`}>{row.organisation.name}</Link> },
    { key: "met", title: t("needs.met"), right: true, cell: (row) => <span className="figure">{met(row)}</span> },
    { key: "lacks", title: t("needs.lacks"), grow: 40, cell: (row) => <span title={lackWords(row.needs)}>{lackWords(row.needs)}</span> },
    { key: "duty", title: t("needs.duty"), cell: (row) => <Whose row={row} /> },
  ];
}

function card(row: SiteNeeds): ReactNode {
  return (
    <span className="rules-card">
      <span>
        <b>{row.site.name}</b> <span className="second">{met(row)}</span>
        <i>{lackWords(row.needs)}</i>
        <i>
          {row.bound ? row.duty?.who : t("needs.unbound")} {row.duty?.clock && <Clock limit={row.duty.clock} size="list" short />}
        </i>
      </span>
    </span>
  );
}

/** 应装与在报: what the standards require at each site, against what is installed and reports. */
export function Requirements(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const all = search.get("all") === "1";
  const [q, kind] = [search.get("q") ?? "", search.get("kind") ?? ""];
  const none = q || kind ? t("needs.sentence.narrowed") : t("needs.sentence.none");
  const filter = { ...(q ? { q } : {}), ...(kind ? { kind } : {}), ...(all ? {} : { lacking: true }) };
  const list = useRequirements(filter);
  const kinds = [...new Set((usePacks().data?.items ?? []).filter((pack) => pack.required > 0).flatMap((pack) => pack.kinds))];
  useCrumb(t("nav.findings"), "/findings", t("nav.requirements"));
  const rows = onceEach(list.data?.pages);
  const count = list.data?.pages[0]?.count ?? 0;
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  return (
    <div className="page">
      <div className="rules-head rules-find">
        <h1>{list.data && (all ? t("needs.sentence.all", { n: count }) : count > 0 ? t("needs.sentence", { n: count }) : none)}</h1>
        <Select
          aria-label={t("site.kind")}
          value={kind}
          onChange={(value) => set("kind", value)}
          options={[{ value: "", label: t("needs.kind.any") }, ...kinds.map((one) => ({ value: one, label: t(`site.kind.${one}`) }))]}
        />
        <Input
          allowClear
          prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />}
          placeholder={t("needs.find")}
          aria-label={t("needs.find")}
          defaultValue={q}
          onChange={(event) => set("q", event.target.value)}
        />
        <Exchange table="requirements" filter={filter} />
      </div>
      {list.error && !list.data ? (
        <Failed error={list.error} what={t("nav.requirements")} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading what={t("nav.requirements")} />
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={none} action={all ? undefined : <Button onClick={() => set("all", "1")}>{t("needs.all")}</Button>} />
        </div>
      ) : (
        <ResourceTable
          label={t("nav.requirements")}
          columns={columns()}
          rows={rows}
          count={count}
          id={(row) => row.id}
          to={(row) => `/sites/${row.site.id}/watch`}
          card={card}
          footer={<Button size="small" onClick={() => set("all", all ? "" : "1")}>{all ? t("needs.some") : t("needs.all")}</Button>}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
    </div>
  );
}
