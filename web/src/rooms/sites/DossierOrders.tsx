import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Panel } from "../../kit/Panel";
import { Clock } from "../../kit/Clock";
import { useMe } from "../../kit/shell/Shell";
import { progress } from "../reports/Orders";
import { useOrdersAbout } from "../reports/queries";
import { limitOf } from "../reports/words";

const SHOWN = 6;

/** Orders about the site or its whole enterprise, or about an enterprise; nothing for who may not enter any while there are none. */
export function DossierOrders({ about }: { about: { site: number } | { organisation: number } }): ReactNode {
  const { permissions } = useMe();
  const list = useOrdersAbout(about, permissions.includes("order.read"));
  const may = permissions.includes("order.enter");
  const rows = list.data?.items ?? [];
  if (!list.data || (rows.length === 0 && !may)) return null;
  return (
    <Panel title={t("order.title")} note={rows.length > 0 ? t("point.warnings.note", { n: list.data.count }) : undefined} action={may ? <Link to={"site" in about ? `/orders/new?site=${about.site}` : `/orders/new?organisation=${about.organisation}`}>{t("order.enter")}</Link> : undefined}>
      {rows.length === 0 ? (
        <p className="note">{t("dossier.orders.none")}</p>
      ) : (
        <ul className="operation-rows">
          {rows.slice(0, SHOWN).map((row) => (
            <li key={row.id} className={row.state === "ended" ? "row-grey" : undefined}>
              <Link to={`/orders/${row.id}`} className="quiet dossier-order">
                <span>
                  <b>{row.title}</b>
                  <span className="second">{[row.sender, progress(row), row.site ? ("site" in about ? "" : row.site.name) : t("dossier.orders.whole")].filter(Boolean).join(" \u00b7 ")}</span>
                </span>
                {row.due_at && (row.state === "new" || row.state === "given") && <Clock limit={limitOf("carry_out", row.received_at, row.due_at)} size="list" short />}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
