import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { asProblem } from "../../api/problem";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { Timeline } from "../../kit/Timeline";
import { useCrumb } from "../../kit/shell/crumb";
import { CorrectDialog, groundWords, RenewDialog, WithdrawDialog } from "./LicenceDialogs";
import { Bar, Left, until } from "./Left";
import { useLicence, useLicenceTimeline, type LicenceDetail } from "./queries";
import "../sites/dossier.css";
import "./papers.css";

function Facts({ one }: { one: LicenceDetail }): ReactNode {
  const rows: [string, ReactNode][] = [
    [t("licence.number"), one.number],
    ...(one.bearer !== "" ? [[t("licence.bearer"), one.bearer] as [string, ReactNode]] : []),
    [t("licence.issuedBy"), one.issued_by],
    [t("licence.valid"), t("licence.fromTo", { from: one.valid_from, until: until(one) })],
    ...(one.capacity !== null ? [[t("licence.capacity"), t("licence.capacityN", { n: one.capacity })] as [string, ReactNode]] : []),
    [t("licence.ground"), groundWords(one)],
    ...(one.note !== "" ? [[t("licence.remark"), one.note] as [string, ReactNode]] : []),
  ];
  return (
    <dl className="licence-facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Before({ one }: { one: LicenceDetail }): ReactNode {
  return (
    <Panel title={t("licence.before")}>
      {one.before.length === 0 ? (
        <p className="note">{t("licence.before.none")}</p>
      ) : (
        <ul className="licence-rows">
          {one.before.map((old) => (
            <li key={old.id}>
              <Link to={`/licences/${old.id}`} className="quiet">
                <span className="clip">{old.number}</span>
                <Bar one={old} />
                <span className="num second licence-more">{until(old)}</span>
                <Left one={old} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** One licence: how long it holds, what it says, what it replaced, what was done. */
export default function LicencePage(): ReactNode {
  const id = Number(useParams().licenceId);
  const licence = useLicence(id);
  const timeline = useLicenceTimeline(id);
  const navigate = useNavigate();
  const [open, setOpen] = useState<"renew" | "correct" | "withdraw" | null>(null);
  useCrumb(t("nav.licences"), "/licences", licence.data?.title ?? "\u2026");
  if (licence.error && !licence.data) {
    if (asProblem(licence.error).status === 404) return <Empty title={t("licence.missing")} action={<Link to="/licences">{t("nav.licences")}</Link>} />;
    return <Failed error={licence.error} what={t("nav.licences")} again={() => void licence.refetch()} />;
  }
  if (!licence.data) return <Loading what={t("nav.licences")} />;
  const one = licence.data;
  const close = (): void => setOpen(null);
  const held = one.standing !== "renewed" && one.standing !== "withdrawn";
  // Nobody else's stands in the place of a person's revoked certificate: it is asked for until they work there no more.
  const asked = one.withdrawal === "revoked" && one.bearer !== "";
  return (
    <div className="page">
      <header className="licence-head">
        <h1>{one.title}</h1>
        <Left one={one} />
        {one.site ? <Link to={`/sites/${one.site.id}?tab=licences`}>{one.site.name}</Link> : <span className="tag">{t("licence.whole")}</span>}
        <Link to={`/enterprises/${one.organisation.id}`}>{one.organisation.name}</Link>
        {!one.verified && <span className="tag">{t("rule.unverified")}</span>}
      </header>
      {one.replaced_by !== null && (
        <p className="licence-acts">
          <Link to={`/licences/${one.replaced_by}`}>{t("licence.toNew")}</Link>
        </p>
      )}
      {one.may && held ? (
        <div className="licence-acts">
          <Button type="primary" onClick={() => setOpen("renew")}>{t("licence.renew")}</Button>
          <Button onClick={() => setOpen("correct")}>{t("licence.correct")}</Button>
          <Button onClick={() => setOpen("withdraw")}>{t("licence.withdraw")}</Button>
        </div>
      ) : one.may && asked ? (
        <div className="licence-acts">
          <span className="second">{t("licence.revoked.rule")}</span>
          <Button onClick={() => setOpen("withdraw")}>{t("licence.withdraw")}</Button>
        </div>
      ) : held && one.standing !== "valid" ? (
        <p className="second licence-acts">{t("licence.howTo")}</p>
      ) : null}
      <div className="dossier-grid">
        <div className="dossier-column">
          <Panel title={t("licence.says")}>
            <Facts one={one} />
          </Panel>
          <Before one={one} />
        </div>
        <Panel title={t("licence.course")}>
          {timeline.error && !timeline.data ? <Failed error={timeline.error} what={t("licence.course")} again={() => void timeline.refetch()} /> : timeline.data ? <Timeline rows={timeline.data.items} /> : <Loading what={t("licence.course")} />}
        </Panel>
      </div>
      {open === "renew" && <RenewDialog one={one} close={close} done={(next) => void navigate(`/licences/${next}`)} />}
      {open === "correct" && <CorrectDialog one={one} close={close} />}
      {open === "withdraw" && <WithdrawDialog one={one} close={close} />}
    </div>
  );
}
