import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { Search as Glass } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import { Exchange } from "../../kit/import/Exchange";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { EnterDialog } from "./LicenceDialogs";
import { Lacking } from "./Lacking";
import { Bar, Left, until } from "./Left";
import { useLacking, useLicenceForm, useLicences, type Licence, type LicenceFilter, type LicenceForm } from "./queries";
import "../sites/points.css";
import "../warnings/warnings.css";
import "./papers.css";

const tabs = ["held", "expired", "expiring", "lacking", "renewed", "withdrawn"] as const;

function columns(): Column<Licence>[] {
  return [
    { key: "title", title: t("licence.kind"), grow: 22, cell: (one) => <b>{one.title}</b> },
    { key: "holder", title: t("licence.holder"), grow: 20, cell: (one) => <Link to={`/enterprises/${one.organisation.id}`}>{one.organisation.name}</Link> },
    { key: "site", title: t("licence.site"), cell: (one) => <span className="second">{one.site?.name ?? t("licence.whole")}</span> },
    { key: "number", title: t("licence.number"), from: "wide", cell: (one) => <span className="second">{one.number}</span> },
    { key: "bar", title: "", from: "wide", cell: (one) => <Bar one={one} /> },
    { key: "until", title: t("licence.until"), cell: (one) => <span className="second">{until(one)}</span> },
    { key: "left", title: t("licence.leftHead"), right: true, cell: (one) => <Left one={one} /> },
  ];
}

function card(one: Licence): ReactNode {
  return (
    <span className="wcard">
      <span>
        <b>{one.title}</b> <Left one={one} />
        <i className="licence-card">
          {one.site?.name ?? one.organisation.name} {until(one)}
        </i>
      </span>
    </span>
  );
}

function sentence(form: LicenceForm): string {
  const lacking = (form.lacking ?? 0) > 0 ? t("list.comma") + t("licence.sentence.lacking", { n: form.lacking }) : "";
  if (form.expired > 0 && form.expiring > 0) return t("licence.sentence.expired", { n: form.expired, soon: form.expiring }) + lacking;
  if (form.expired > 0) return t("licence.sentence.expiredOnly", { n: form.expired }) + lacking;
  if (form.expiring > 0) return t("licence.sentence.expiring", { n: form.expiring }) + lacking;
  return t("licence.sentence", { n: form.held }) + lacking;
}

/** 证照 of the county, what lapses first on top. */
export default function Licences(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const [entering, setEntering] = useState(false);
  const asked = search.get("standing");
  const tab = tabs.find((one) => one === asked) ?? "held";
  const filter: LicenceFilter = {
    ...(tab === "held" || tab === "lacking" ? {} : { standing: tab }),
    ...(search.get("kind") ? { kind: search.get("kind")! } : {}),
    ...(search.get("q") ? { q: search.get("q")! } : {}),
  };
  const list = useLicences(filter, tab !== "lacking");
  const lacking = useLacking(filter, tab === "lacking");
  const form = useLicenceForm({ lacking: true });
  useCrumb(t("nav.licences"), "/licences");
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: name === "q" });
  };
  const rows = onceEach(list.data?.pages);
  const number = (name: (typeof tabs)[number]): number | undefined => (name === "renewed" || name === "withdrawn" ? undefined : (form.data?.[name] ?? undefined));
  return (
    <div className="page">
      <div className="points-head">
        <h1>{form.data ? sentence(form.data) : t("nav.licences")}</h1>
        <span className="licence-tools">
          {tab === "lacking" ? <Exchange table="licences-lacking" filter={{ ...filter }} /> : <Exchange table="licences" filter={{ ...filter }} />}
          {form.data?.may && <Button type="primary" onClick={() => setEntering(true)}>{t("licence.enter")}</Button>}
        </span>
      </div>
      <div className="tabs tabs-line" role="tablist" aria-label={t("nav.licences")}>
        {tabs.map((name) => (
          <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => set("standing", name === "held" ? "" : name)}>
            {t(`licence.tab.${name}`)} {number(name) ?? ""}
          </button>
        ))}
      </div>
      <div className="licence-filter">
        <Select allowClear showSearch={{ optionFilterProp: "label" }} value={filter.kind ?? null} aria-label={t("licence.kind")} placeholder={t("licence.everyKind")} options={(form.data?.kinds ?? []).filter((one) => tab !== "lacking" || one.required).map((one) => ({ value: one.id, label: one.title }))} onChange={(id?: string | null) => set("kind", id ?? "")} />
        <Input allowClear prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />} placeholder={t("licence.find")} aria-label={t("licence.find")} value={filter.q ?? ""} onChange={(event) => set("q", event.target.value)} />
      </div>
      <div className="panel">
        {tab === "lacking" ? (
          <Lacking list={lacking} asked={!form.data || form.data.kinds.some((one) => one.required)} narrowed={filter.q !== undefined || filter.kind !== undefined} />
        ) : list.error && !list.data ? (
          <Failed error={list.error} what={t("nav.licences")} again={() => void list.refetch()} />
        ) : !list.data ? (
          <Loading what={t("nav.licences")} />
        ) : rows.length === 0 ? (
          <Empty title={t("licence.empty")}>{form.data?.may && tab === "held" ? t("licence.none.enter") : t("licence.none")}</Empty>
        ) : (
          <ResourceTable
            label={t("nav.licences")}
            columns={columns()}
            rows={rows}
            count={list.data.pages[0]?.count ?? 0}
            id={(one) => one.id}
            to={(one) => `/licences/${one.id}`}
            grey={(one) => one.standing === "renewed" || one.standing === "withdrawn"}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            card={card}
            footer={t("licence.order")}
          />
        )}
      </div>
      {entering && <EnterDialog at={null} close={() => setEntering(false)} />}
    </div>
  );
}
