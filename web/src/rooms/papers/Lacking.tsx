import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { onceEach } from "../../api/pages";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import type { SiteLacking, useLacking } from "./queries";

/** The kinds it lacks, in words. Pure. */
export function lackingWords(one: SiteLacking): string {
  return one.lacking.map((kind) => kind.title).join(t("list.and"));
}

/** Their legal grounds, each once; those to be checked say so. Pure. */
export function groundWords(one: SiteLacking): string {
  const told = one.lacking.filter((kind) => kind.ground !== "").map((kind) => (kind.verified ? kind.ground : t("licence.unverified", { ground: kind.ground })));
  return [...new Set(told)].join(t("list.and"));
}

function columns(): Column<SiteLacking>[] {
  return [
    { key: "site", title: t("licence.site"), grow: 20, cell: (one) => <b>{one.name}</b> },
    { key: "holder", title: t("licence.holder"), grow: 20, cell: (one) => <Link to={`/enterprises/${one.organisation.id}`}>{one.organisation.name}</Link> },
    { key: "kind", title: t("site.kind"), cell: (one) => <span className="second">{t(`site.kind.${one.site_kind}`)}</span> },
    { key: "lacking", title: t("licence.lacking.head"), grow: 30, cell: (one) => <b>{lackingWords(one)}</b> },
    { key: "ground", title: t("licence.ground"), from: "wide", cell: (one) => <span className="second">{groundWords(one)}</span> },
  ];
}

function card(one: SiteLacking): ReactNode {
  return (
    <span className="wcard">
      <span>
        <b>{one.name}</b>
        <i className="licence-card">{t("licence.lacking.of", { kinds: lackingWords(one) })}</i>
      </span>
    </span>
  );
}

/** 缺证: sites without a licence that sites of their kind must have. `asked`: whether the county's list requires any. */
export function Lacking({ list, narrowed, asked }: { list: ReturnType<typeof useLacking>; narrowed: boolean; asked: boolean }): ReactNode {
  const rows = onceEach(list.data?.pages);
  if (list.error && !list.data) return <Failed error={list.error} what={t("licence.tab.lacking")} again={() => void list.refetch()} />;
  if (!list.data) return <Loading what={t("licence.tab.lacking")} />;
  if (!asked) return <Empty title={t("licence.lacking.unasked")}>{t("licence.lacking.unasked.words")}</Empty>;
  if (rows.length === 0) return <Empty title={narrowed ? t("licence.lacking.noneHere") : t("licence.lacking.none")}>{t("licence.lacking.rule")}</Empty>;
  return (
    <ResourceTable
      label={t("licence.tab.lacking")}
      columns={columns()}
      rows={rows}
      count={list.data.pages[0]?.count ?? 0}
      id={(one) => one.id}
      to={(one) => `/sites/${one.id}?tab=licences`}
      more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
      card={card}
      footer={t("licence.lacking.rule")}
    />
  );
}
