import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { PackRow } from "../../api/types";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { packsFor } from "./packs";
import { usePacks } from "./queries";
import "./rules.css";

/** Beside every limit nobody has checked against the original. */
export function Unchecked({ verified }: { verified: boolean }): ReactNode {
  return verified ? null : <span className="tag">{t("rules.unchecked")}</span>;
}

function columns(): Column<PackRow>[] {
  return [
    { key: "title", title: t("rules.pack"), cell: (p) => <b>{p.title}</b> },
    { key: "version", title: t("rules.version"), right: true, cell: (p) => p.version },
    { key: "sites", title: t("rules.sites"), right: true, cell: (p) => t("rules.sites.n", { n: p.sites }) },
    { key: "rules", title: t("rules.rules"), right: true, cell: (p) => t("rules.rules.n", { n: p.rules }) },
    { key: "unverified", title: t("rules.unchecked"), right: true, from: "wide", cell: (p) => <span className="second">{t("rules.rules.n", { n: p.unverified })}</span> },
    { key: "cite", title: t("rules.cite"), from: "wide", grow: 40, cell: (p) => <span className="second">{p.problem ?? p.cite}</span> },
  ];
}

/** The packs of this installation: which there are, how many sites each watches, what they cite. */
export function Packs(): ReactNode {
  const found = usePacks();
  const me = useMe();
  useCrumb(t("nav.rules"), "/rules");
  if (found.error && !found.data) return <Failed error={found.error} what={t("what.packs")} again={() => void found.refetch()} />;
  if (!found.data) return <Loading what={t("what.packs")} />;
  const rows = packsFor(found.data.items, me).map((row, i) => ({ ...row, id: i }));
  const broken = rows.filter((row) => row.problem !== null).length;
  return (
    <div className="page">
      <div className="rules-head">
        <Link to="/findings" className="rules-door">{t("rules.toFindings")}</Link>
        <h1>{broken > 0 ? t("rules.sentence.broken", { n: broken }) : t("rules.sentence", { n: rows.length, sites: rows.reduce((sum, row) => sum + row.sites, 0) })}</h1>
      </div>
      <ResourceTable
        label={t("nav.rules")}
        columns={columns()}
        rows={rows}
        count={rows.length}
        id={(p) => p.id}
        to={(p) => `/rules/${p.name}`}
        card={(p) => (
          <span className="rules-card">
            <span>
              <b>{p.title}</b>
              <i>{`${t("rules.sites.n", { n: p.sites })} \u00b7 ${t("rules.rules.n", { n: p.rules })}`}</i>
            </span>
          </span>
        )}
        footer={t("rules.readOnly")}
      />
    </div>
  );
}
