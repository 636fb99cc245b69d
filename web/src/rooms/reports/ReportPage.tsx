import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { asProblem } from "../../api/problem";
import { useSession } from "../../api/queries";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Dispatches } from "./Dispatches";
import { useReport } from "./queries";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

/** One report as it went up, word for word, and who received it. */
export default function ReportPage(): ReactNode {
  const id = Number(useParams().reportId);
  const found = useReport(id);
  const now = useNow();
  const may = useSession().data?.permissions.includes("report.send") ?? false;
  useCrumb(t("report.title"), "/reports", found.data?.number ?? "\u2026");
  if (found.error && !found.data) {
    return asProblem(found.error).status === 404 ? <Empty title={t("report.missing")} action={<Link to="/reports">{t("report.toList")}</Link>} /> : <Failed error={found.error} what={t("report.title")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("report.title")} />;
  const report = found.data;
  return (
    <div className="page reports">
      <header className="report-head">
        {report.warning && <LevelMark level={report.warning.level} state="answered" size={40} />}
        <div>
          <h1>{report.title}</h1>
          <p className="facts-line">
            <span>{report.number}</span>
            <span>{t(`report.kind.${report.kind}`)}</span>
            <span>{t("report.sentBy", { by: report.by, at: moment(report.at, now) })}</span>
            {report.signer && <span>{t("report.signedBy", { by: report.signer })}</span>}
            {report.late && <b>{t("report.late")}</b>}
            {report.warning && <span><Link to={`/warnings/${report.warning.id}`}>{report.warning.number}</Link></span>}
            {report.order && <span><Link to={`/orders/${report.order.id}`}>{report.order.number}</Link></span>}
          </p>
        </div>
        <div className="report-tools">
          {may && report.warning && report.kind !== "final" && (
            <Link to={`/warnings/${report.warning.id}/report`}>
              <Button>{t("report.act.follow")}</Button>
            </Link>
          )}
          <a href={`/api/v1/reports/${report.id}/paper`} download>
            <Button>{t("report.paper")}</Button>
          </a>
        </div>
      </header>
      <div className="report-form">
        <Panel title={t("report.words")} note={t("report.hash", { hash: report.sha256.slice(0, 12) })}>
          <div className="report-paper">
            {report.text.split("\n").map((line, i) => (
              <p key={i}>{line}</p>
            ))}
          </div>
        </Panel>
        <Panel title={t("report.to")}>
          <Dispatches rows={report.dispatches} may={may} />
        </Panel>
      </div>
    </div>
  );
}
