import { Button } from "antd";
import { t } from "i18next";
import { useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { onceEach } from "../../api/pages";
import type { useSites, useWarnings } from "../../api/queries";
import type { Warning } from "../../api/types";
import { More } from "../../kit/More";
import { Exchange } from "../../kit/import/Exchange";
import { Panel } from "../../kit/Panel";
import { SealedTag } from "../../kit/SealedMark";
import { Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { LicenceRows } from "../papers/DossierLicences";
import { DossierPapers, PaperRow } from "../papers/DossierPapers";
import { lackingWords } from "../papers/Lacking";
import { EnterDialog } from "../papers/LicenceDialogs";
import type { useLacking, useLicences, useOwnPapers, useSitesPapers } from "../papers/queries";
import type { Organisation, useTopPosts } from "../people/queries";
import { Holder } from "../people/Room";
import { DossierMap } from "./DossierMap";
import { WarningRows } from "./DossierTabs";
import { SiteMark, Unknown } from "./SiteMark";
import { openFirst } from "./enterprise";
import { markOf, worstOf } from "./mark";
import "../papers/papers.css";
import "../people/people.css";

const WARNINGS = 6;
const PEOPLE = 6;

/** What is open of all its sites, worst first, then the newest that is not. */
export function EnterpriseWarnings({ id, open, all }: { id: number; open: ReturnType<typeof useWarnings>; all: ReturnType<typeof useWarnings> }): ReactNode {
  const standing = open.data?.pages[0]?.count ?? 0;
  const rows = openFirst(onceEach(open.data?.pages), onceEach(all.data?.pages), WARNINGS);
  const error = open.error ?? all.error;
  return (
    <Panel
      title={t("dossier.tab.warnings")}
      note={open.data && (standing > 0 ? t("enterprise.warnings.open", { n: standing }) : t("enterprise.warnings.none"))}
      action={rows.length > 0 ? <Link to={`/warnings?tab=all&organisation=${id}`}>{t("dossier.toWarnings")}</Link> : undefined}
    >
      {error && !open.data ? (
        <Failed error={error} what={t("what.warnings")} again={() => void Promise.all([open.refetch(), all.refetch()])} />
      ) : !open.data || !all.data ? (
        <Loading what={t("what.warnings")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("dossier.warnings.none")}</p>
      ) : (
        <WarningRows rows={rows} sited />
      )}
    </Panel>
  );
}

/** Its sites, the worst first, each with how it stands. */
export function EnterpriseSites({ sites }: { sites: ReturnType<typeof useSites> }): ReactNode {
  const rows = onceEach(sites.data?.pages);
  return (
    <Panel title={t("what.sites")} note={sites.data && t("enterprise.sites", { n: sites.data.pages[0]?.count ?? 0 })}>
      {sites.error && !sites.data ? (
        <Failed error={sites.error} what={t("what.sites")} again={() => void sites.refetch()} />
      ) : !sites.data ? (
        <Loading what={t("what.sites")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("enterprise.sites.none")}</p>
      ) : (
        <ul className="enterprise-sites">
          {rows.map((site) => (
            <li key={site.id}>
              <Link to={`/sites/${site.id}`} className="quiet">
                <SiteMark site={site} size={18} />
                <span>
                  <b>{site.name}</b> <SealedTag doing={site.operating} /> <Unknown site={site} />
                </span>
                <span className="second">{t(`site.kind.${site.kind}`)}</span>
                <span className="second">{site.territory}</span>
                <span className="num second">{t("site.pointsN", { n: site.points })}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      <More list={sites} />
    </Panel>
  );
}

/** Its posts, who answers highest on top, and who fills them. */
export function EnterprisePeople({ body, posts }: { body: Organisation; posts: ReturnType<typeof useTopPosts> }): ReactNode {
  const rows = posts.data?.items ?? [];
  const chain = useMe().permissions.includes("responsibility.read");
  return (
    <Panel
      title={t("enterprise.people")}
      note={rows.length > 0 ? t("enterprise.posts", { n: posts.data?.count ?? 0 }) : undefined}
      action={
        <span className="enterprise-doors">
          {chain && <Link to={`/people/matrix?q=${encodeURIComponent(body.name)}`}>{t("enterprise.chain")}</Link>}
          <Link to="?tab=people">{t("dossier.toWarnings")}</Link>
        </span>
      }
    >
      {posts.error && !posts.data ? (
        <Failed error={posts.error} what={t("what.people")} again={() => void posts.refetch()} />
      ) : !posts.data ? (
        <Loading what={t("what.people")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("enterprise.need.postless")}</p>
      ) : (
        <ul className="enterprise-people">
          {rows.slice(0, PEOPLE).map((post) => (
            <li key={post.id}>
              <span>
                <b>{post.title}</b> {post.rung !== null && <span className="second">{t(`people.rung.${post.rung}`)}</span>}
              </span>
              <Holder state={post.state} person={post.person?.name ?? null} stands_for={post.stands_for} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

interface LicencesProps {
  id: number;
  licences: ReturnType<typeof useLicences>;
  lacking: ReturnType<typeof useLacking>;
  brief: boolean;
}

/** Every licence of it and of its sites, what lapses first on top; above them what is lacking. */
export function EnterpriseLicences({ id, licences, lacking, brief }: LicencesProps): ReactNode {
  const [entering, setEntering] = useState(false);
  const may = useMe().permissions.includes("licence.edit");
  const rows = onceEach(licences.data?.pages);
  const lack = onceEach(lacking.data?.pages);
  const over = rows.filter((one) => one.standing === "expired").length;
  const soon = rows.filter((one) => one.standing === "expiring").length;
  const note = [over > 0 ? t("licence.note.expired", { n: over }) : "", soon > 0 ? t("licence.note.expiring", { n: soon }) : ""].filter((words) => words !== "").join(t("list.comma"));
  const enter = may ? <Button size="small" onClick={() => setEntering(true)}>{t("licence.enter")}</Button> : undefined;
  return (
    <Panel title={t("dossier.tab.licences")} note={note === "" ? undefined : note} action={brief && rows.length > 0 ? <Link to="?tab=licences">{t("licence.all", { n: licences.data?.pages[0]?.count ?? 0 })}</Link> : enter}>
      {licences.error && !licences.data ? (
        <Failed error={licences.error} what={t("nav.licences")} again={() => void licences.refetch()} />
      ) : !licences.data ? (
        <Loading what={t("nav.licences")} />
      ) : (
        <>
          {lack.length > 0 && (
            <ul className="enterprise-lacking">
              {lack.map((one) => (
                <li key={one.id}>
                  <Link to={`/sites/${one.id}?tab=licences`}>{one.name}</Link> <b>{t("licence.lacking.of", { kinds: lackingWords(one) })}</b>
                </li>
              ))}
            </ul>
          )}
          {rows.length === 0 ? <p className="note">{may ? t("licence.none.enter") : t("licence.none")}</p> : <LicenceRows rows={rows} brief={brief} sited />}
          {!brief && <More list={licences} />}
        </>
      )}
      {entering && <EnterDialog at={null} of={id} close={() => setEntering(false)} />}
    </Panel>
  );
}

/** Its own documents, and below them those of its sites, which are put there at the site they are about. */
export function EnterprisePapers({ id, own, sites }: { id: number; own: ReturnType<typeof useOwnPapers>; sites: ReturnType<typeof useSitesPapers> }): ReactNode {
  return (
    <div className="dossier-column">
      <DossierPapers of={{ organisation: id }} papers={own} title={t("enterprise.papers.own")} first={t("enterprise.papers.first")} extra={<Exchange table="documents" filter={{ organisation: id }} brief />} />
      <SitesPapers papers={sites} />
    </div>
  );
}

function SitesPapers({ papers }: { papers: ReturnType<typeof useSitesPapers> }): ReactNode {
  const rows = onceEach(papers.data?.pages);
  return (
    <Panel title={t("enterprise.papers.sites")} note={t("enterprise.papers.note")}>
      {papers.error && !papers.data ? (
        <Failed error={papers.error} what={t("dossier.tab.documents")} again={() => void papers.refetch()} />
      ) : !papers.data ? (
        <Loading what={t("dossier.tab.documents")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("paper.none")}</p>
      ) : (
        <ul className="papers">
          {rows.map((one) => (
            <PaperRow key={one.id} one={one} sited renew={null} withdraw={null} />
          ))}
        </ul>
      )}
      <More list={papers} />
    </Panel>
  );
}

/** Where its sites lie; nothing while none is placed. */
export function EnterpriseMap({ sites, open }: { sites: ReturnType<typeof useSites>; open: readonly Warning[] | undefined }): ReactNode {
  const pages = sites.data?.pages;
  const marks = useMemo(() => onceEach(pages).map((site) => markOf(site, worstOf(open, site.id))), [pages, open]);
  const placed = marks.filter((one) => one.longitude !== null && one.latitude !== null);
  const only = placed.length === 1 ? placed[0] : undefined;
  const [longitude, latitude] = [only?.longitude ?? null, only?.latitude ?? null];
  const focus = useMemo(() => (longitude === null || latitude === null ? null : { longitude, latitude }), [longitude, latitude]);
  if (placed.length === 0) return null;
  return (
    <Panel title={t("site.place")} note={placed.length < marks.length ? t("sites.sentence.placed.no", { n: marks.length - placed.length }) : undefined}>
      <DossierMap sites={marks} focus={focus} />
    </Panel>
  );
}
