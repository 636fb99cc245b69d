import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, Navigate, useParams, useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import { asProblem } from "../../api/problem";
import { usePoints, useSiteCount, useSites, useWarnings } from "../../api/queries";
import type { Warning } from "../../api/types";
import { Empty, Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { lapseWords } from "../papers/Left";
import { useLacking, useLicences, useOwnPapers, useSitesPapers, type Licence } from "../papers/queries";
import { Staff } from "../people/Organisations";
import { useOrganisation, useTopPosts, type Organisation } from "../people/queries";
import { DossierSentence } from "./DossierSentence";
import { DossierOrders } from "./DossierOrders";
import { DossierPoints } from "./DossierTabs";
import { EnterpriseLicences, EnterpriseMap, EnterprisePapers, EnterprisePeople, EnterpriseSites, EnterpriseWarnings } from "./EnterpriseParts";
import { needs, type Need } from "./enterprise";
import "./points.css";
import "./dossier.css";
import "./enterprise.css";

const tabs = ["overview", "licences", "points", "people", "documents"] as const;
type Tab = (typeof tabs)[number];

/** What somebody has to see to at this enterprise, before anything else is read. */
function Sentence({ open, licences, rest }: { open: readonly Warning[] | undefined; licences: readonly Licence[]; rest: readonly Need[] }): ReactNode {
  return <DossierSentence open={open} rest={[lapseWords(licences), ...rest.map((one) => t(`enterprise.need.${one.what}`, "n" in one ? { n: one.n } : {}))]} />;
}

/** 企业档案: all the county holds about one enterprise and its sites. */
export default function Enterprise(): ReactNode {
  const id = Number(useParams().id);
  const body = useOrganisation(id);
  useCrumb(t("nav.sites"), "/sites", body.data?.name ?? "\u2026");
  if ((body.error && !body.data && asProblem(body.error).status === 404) || !(id > 0)) return <Empty title={t("enterprise.missing")} action={<Link to="/sites">{t("enterprise.toList")}</Link>} />;
  if (body.error && !body.data) return <Failed error={body.error} what={t("enterprise.title")} again={() => void body.refetch()} />;
  if (!body.data) return <Loading what={t("enterprise.title")} />;
  // A department has posts and no sites, no licences: where its posts are is its page.
  if (body.data.kind !== "enterprise") return <Navigate to={`/people/organisations?organisation=${id}`} replace />;
  return <File body={body.data} />;
}

function File({ body }: { body: Organisation }): ReactNode {
  const organisation = body.id;
  const may = useMe().permissions;
  const [search, setSearch] = useSearchParams();
  const [post, setPost] = useState(0);
  const [mayLicences, mayPapers] = [may.includes("licence.read"), may.includes("document.read")];
  const shown = tabs.filter((name) => (name !== "licences" || mayLicences) && (name !== "documents" || mayPapers));
  const tab = shown.find((name) => name === search.get("tab")) ?? "overview";
  const open = useWarnings({ organisation, state: "open" });
  const all = useWarnings({ organisation, state: "all" });
  const sites = useSites({ organisation });
  const unwatched = useSiteCount({ organisation, watched: false, closed: false });
  const points = usePoints({ organisation });
  const posts = useTopPosts(organisation);
  const licences = useLicences({ organisation }, mayLicences);
  const lacking = useLacking({ organisation }, mayLicences);
  const own = useOwnPapers(organisation, mayPapers);
  const ofSites = useSitesPapers(organisation, mayPapers);
  const count: Partial<Record<Tab, number | undefined>> = {
    licences: licences.data?.pages[0]?.count,
    points: points.data?.pages[0]?.count,
    people: posts.data?.count,
    documents: own.data && ofSites.data && own.data.count + (ofSites.data.pages[0]?.count ?? 0),
  };
  const standing = open.data && onceEach(open.data.pages);
  const rest = needs({ active: body.is_active, sites: sites.data?.pages[0]?.count, unwatched: unwatched.data, lacking: lacking.data?.pages[0]?.count, posts: posts.data?.items });
  const parts = {
    licences: mayLicences ? <EnterpriseLicences id={organisation} licences={licences} lacking={lacking} brief={tab === "overview"} /> : null,
    points: <DossierPoints of={body.name} points={points} rules={null} brief={tab === "overview"} />,
    people: <Staff organisation={organisation} name={body.name} post={post} open={setPost} />,
    documents: mayPapers ? <EnterprisePapers id={organisation} own={own} sites={ofSites} /> : null,
  };
  return (
    <div className="page dossier">
      <header className="dossier-head">
        <h1>{body.name}</h1>
        <span className="tag">{t("people.body.enterprise")}</span>
        {!body.is_active && <span className="tag tag-ink">{t("enterprise.closed")}</span>}
        <span className="tag">{body.territory}</span>
        {body.code !== "" && <span className="second">{t("enterprise.code", { code: body.code })}</span>}
      </header>
      <Sentence open={standing} licences={onceEach(licences.data?.pages)} rest={rest} />
      <div className="tabs tabs-line" role="tablist" aria-label={body.name}>
        {shown.map((name) => (
          <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => setSearch(name === "overview" ? {} : { tab: name })}>
            {name === "people" ? t("enterprise.people") : t(`dossier.tab.${name}`)} {count[name] ?? ""}
          </button>
        ))}
      </div>
      {tab === "overview" ? (
        <div className="dossier-grid enterprise-grid">
          <div className="dossier-column">
            <EnterpriseWarnings id={organisation} open={open} all={all} />
            <EnterpriseSites sites={sites} />
            {(count.points ?? 0) > 0 && <div className="enterprise-last">{parts.points}</div>}
          </div>
          <div className="dossier-column">
            <EnterprisePeople body={body} posts={posts} />
            {parts.licences}
            <DossierOrders about={{ organisation }} />
            <div className="enterprise-last">
              <EnterpriseMap sites={sites} open={standing} />
            </div>
          </div>
        </div>
      ) : (
        parts[tab]
      )}
    </div>
  );
}
