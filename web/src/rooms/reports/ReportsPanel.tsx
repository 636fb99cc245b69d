import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { WarningDetail } from "../../api/types";
import { useSession } from "../../api/queries";
import { Clock } from "../../kit/Clock";
import { Panel } from "../../kit/Panel";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Dispatches } from "./Dispatches";
import { useWarningReports, type Plan } from "./queries";
import { limitOf, ranks } from "./words";
import "../people/people.css";
import "./reports.css";

function Next({ plan, since }: { plan: Plan; since: string }): ReactNode {
  if (plan.next === null) return <p className="note">{plan.why ? t("report.over.why", { why: plan.why }) : t("report.over")}</p>;
  return (
    <p className="report-next">
      <span>
        {plan.why && <b>{plan.why} </b>}
        {t("report.next", { kind: t(`report.kind.${plan.next}`), to: ranks(plan.to) })} {!plan.verified && <span className="tag">{t("rule.unverified")}</span>}
      </span>
      <Clock limit={limitOf("report", since, plan.due_at)} />
    </p>
  );
}

/** 信息上报 on the page of its warning: what is still to be told and by when, what was told and who received it. */
export function ReportsPanel({ warning }: { warning: WarningDetail }): ReactNode {
  const sees = useSession().data?.permissions.includes("report.read") ?? false;
  const found = useWarningReports(warning.id, sees).data;
  const now = useNow();
  if (!sees || !found || (found.plan === null && found.items.length === 0 && !found.may_send)) return null;
  const last = found.items[0];
  return (
    <Panel
      title={t("report.title")}
      note={found.items.length > 0 ? t("report.count", { n: found.items.length }) : undefined}
      action={
        found.may_send && (
          <Link to={`/warnings/${warning.id}/report`}>
            <Button size="small">{t("report.act.send")}</Button>
          </Link>
        )
      }
    >
      {found.plan ? <Next plan={found.plan} since={last?.at ?? warning.started_at} /> : <p className="note">{t("report.notAsked")}</p>}
      {found.items.map((report) => (
        <section key={report.id} className="report-one">
          <h3>
            <Link to={`/reports/${report.id}`}>{t(`report.kind.${report.kind}`)}</Link> <span className="second">{moment(report.at, now)}</span> {report.late && <b>{t("report.late")}</b>}
          </h3>
          <Dispatches rows={report.dispatches} may={found.may_send} />
        </section>
      ))}
    </Panel>
  );
}
