import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { SiteDetail } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { EnterDialog } from "./LicenceDialogs";
import { Bar, besideTitle, Left, until } from "./Left";
import { lackingWords } from "./Lacking";
import { useSiteLacking, type Licence, type useSiteLicences } from "./queries";
import "./papers.css";

const BRIEF = 6;

/** Licences as time bars. `sited`: of several sites, so that each row says whose it is. */
export function LicenceRows({ rows, brief, sited = false }: { rows: readonly Licence[]; brief: boolean; sited?: boolean }): ReactNode {
  return (
    <ul className={brief ? "licence-rows" : "licence-rows licence-rows-whole"}>
      {(brief ? rows.slice(0, BRIEF) : rows).map((one) => (
        <li key={one.id}>
          <Link to={`/licences/${one.id}`} className="quiet">
            <span className="clip">
              <b>{one.title}</b> <span className="second">{besideTitle(one, sited)}</span>
            </span>
            {!brief && <span className="second clip licence-more">{[one.number, one.bearer].filter((words) => words !== "").join(" \u00b7 ")}</span>}
            {!brief && <span className="second clip licence-more">{one.issued_by}</span>}
            <Bar one={one} />
            <span className="num second licence-more">{until(one)}</span>
            <span>
              <Left one={one} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** 证照 as time bars, what lapses first on top. */
export function DossierLicences({ site, licences, brief }: { site: SiteDetail; licences: ReturnType<typeof useSiteLicences>; brief: boolean }): ReactNode {
  const may = useMe().permissions.includes("licence.edit");
  const [entering, setEntering] = useState(false);
  const lacking = useSiteLacking(site.id).data;
  const rows = licences.data?.items ?? [];
  const over = rows.filter((one) => one.standing === "expired").length;
  const soon = rows.filter((one) => one.standing === "expiring").length;
  const note = [lacking ? t("licence.lacking.of", { kinds: lackingWords(lacking) }) : "", over > 0 ? t("licence.note.expired", { n: over }) : "", soon > 0 ? t("licence.note.expiring", { n: soon }) : ""].filter((words) => words !== "").join(t("list.comma"));
  const enter = may ? <Button size="small" onClick={() => setEntering(true)}>{t("licence.enter")}</Button> : undefined;
  return (
    <Panel title={t("dossier.tab.licences")} note={note === "" ? undefined : note} action={brief && rows.length > 0 ? <Link to="?tab=licences">{t("licence.all", { n: rows.length })}</Link> : enter}>
      {licences.error && !licences.data ? (
        <Failed error={licences.error} what={t("nav.licences")} again={() => void licences.refetch()} />
      ) : !licences.data ? (
        <Loading what={t("nav.licences")} />
      ) : rows.length === 0 ? (
        <p className="note">{may ? t("licence.none.enter") : t("licence.none")}</p>
      ) : (
        <LicenceRows rows={rows} brief={brief} />
      )}
      {entering && <EnterDialog at={site.id} close={() => setEntering(false)} />}
    </Panel>
  );
}
