import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { asProblem } from "../../api/problem";
import { usePoints, useResponsible, useSite, useSiteRules, useWarnings } from "../../api/queries";
import type { SiteDetail, Warning } from "../../api/types";
import { Empty, Failed, Loading } from "../../kit/States";
import { CareTag } from "../../kit/CareMark";
import { SealedTag } from "../../kit/SealedMark";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { DossierDrawings } from "../papers/DossierDrawings";
import { DossierLicences } from "../papers/DossierLicences";
import { DossierPapers } from "../papers/DossierPapers";
import { lapseWords } from "../papers/Left";
import { usePapers, useSiteLicences, type Licence } from "../papers/queries";
import { DossierSentence } from "./DossierSentence";
import { DossierOperation } from "./DossierOperation";
import { DossierOrders } from "./DossierOrders";
import { DossierPlace } from "./DossierPlace";
import { DossierPoints, DossierResponsible, DossierRules, DossierWarnings } from "./DossierTabs";
import { DossierWeather } from "./DossierWeather";
import { worstOf } from "./mark";
import "./points.css";
import "./dossier.css";

const tabs = ["overview", "licences", "points", "warnings", "responsible", "rules", "documents"] as const;
type Tab = (typeof tabs)[number];

/** What matters about this site now, before anything else is read. */
function Sentence({ site, open, licences }: { site: SiteDetail; open: Warning[] | undefined; licences: readonly Licence[] }): ReactNode {
  const lacking = site.findings.filter((one) => !one.optional).length;
  const rest = [
    lapseWords(licences),
    lacking > 0 ? t("dossier.lacking", { n: lacking }) : "",
    site.longitude === null ? t("dossier.unplaced") : site.outside ? t("dossier.outside") : "",
    site.points === 0 ? t("dossier.noPoints") : "",
  ];
  return <DossierSentence open={open} rest={rest} />;
}

export default function Dossier(): ReactNode {
  const id = Number(useParams().siteId);
  const [search, setSearch] = useSearchParams();
  const asked = search.get("tab") as Tab | null;
  const tab = asked && tabs.includes(asked) ? asked : "overview";
  const site = useSite(id);
  const points = usePoints({ site: id });
  const open = useWarnings({ site: id, state: "open" });
  const all = useWarnings({ site: id, state: "all" });
  const people = useResponsible(id);
  const rules = useSiteRules(id);
  const mayLicences = useMe().permissions.includes("licence.read");
  const licences = useSiteLicences(id, mayLicences);
  const mayPapers = useMe().permissions.includes("document.read");
  const papers = usePapers(id, mayPapers);
  const mayWeather = useMe().permissions.includes("weather.read");
  useCrumb(t("nav.sites"), "/sites", site.data?.name ?? "\u2026");
  if (site.error && !site.data) {
    if (asProblem(site.error).status === 404) return <Empty title={t("dossier.missing")} action={<Link to="/sites">{t("dossier.toList")}</Link>} />;
    return <Failed error={site.error} what={t("what.site")} again={() => void site.refetch()} />;
  }
  if (!site.data) return <Loading what={t("what.site")} />;
  const one = site.data;
  const count: Partial<Record<Tab, number | undefined>> = {
    licences: licences.data?.count,
    points: points.data?.pages[0]?.count,
    warnings: all.data?.pages[0]?.count,
    responsible: people.data?.count,
    rules: rules.data?.count,
    documents: papers.data?.count,
  };
  const parts = {
    licences: mayLicences ? <DossierLicences site={one} licences={licences} brief={tab === "overview"} /> : null,
    points: <DossierPoints of={one.name} points={points} rules={rules.data?.items ?? []} brief={tab === "overview"} />,
    warnings: <DossierWarnings warnings={all} to={`/warnings?tab=all&site=${id}`} brief={tab === "overview"} />,
    responsible: <DossierResponsible people={people} enterprise={one.organisation_id} />,
    rules: <DossierRules rules={rules} site={one} />,
    documents: mayPapers ? <DossierPapers of={{ site: id }} papers={papers} title={t("dossier.tab.documents")} first={t("paper.none.add")} extra={<Link to={`/enterprises/${one.organisation_id}?tab=documents`}>{t("enterprise.papers.own")}</Link>} /> : null,
  };
  return (
    <div className="page dossier">
      <header className="dossier-head">
        <h1>{one.name}</h1>
        <span className="tag">{t(`site.kind.${one.kind}`)}</span>
        {one.grade !== "" && <span className="tag">{t("site.gradeN", { n: one.grade })}</span>}
        {one.operating === "producing" ? <span className="tag">{t("site.doing.producing")}</span> : <SealedTag doing={one.operating} />}
        {one.care && <Link to={`/points?site=${id}&care=yes`}><CareTag care={one.care} /></Link>}
        <span className="tag">{one.territory}</span>
        <Link to={`/enterprises/${one.organisation_id}`}>{one.organisation}</Link>
      </header>
      <Sentence site={one} open={open.data?.pages.flatMap((page) => page.items)} licences={licences.data?.items ?? []} />
      <div className="tabs tabs-line" role="tablist" aria-label={one.name}>
        {tabs.filter((name) => (name !== "licences" || mayLicences) && (name !== "documents" || mayPapers)).map((name) => (
          <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => setSearch(name === "overview" ? {} : { tab: name })}>
            {t(`dossier.tab.${name}`)} {count[name] ?? ""}
          </button>
        ))}
      </div>
      {tab === "overview" ? (
        <div className="dossier-grid">
          <div className="dossier-column">
            {parts.points}
            {parts.warnings}
          </div>
          <div className="dossier-column">
            {mayWeather && <DossierWeather site={id} />}
            <DossierOperation site={id} name={one.name} />
            <DossierOrders about={{ site: id }} />
            <DossierPlace site={one} worst={worstOf(open.data?.pages.flatMap((page) => page.items))} />
            <DossierDrawings papers={papers.data?.items ?? []} />
            {parts.licences}
            {parts.responsible}
          </div>
        </div>
      ) : (
        parts[tab]
      )}
    </div>
  );
}
