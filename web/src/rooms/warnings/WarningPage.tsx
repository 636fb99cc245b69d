import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { useWarning, useWarningAct, useWarningTimeline } from "../../api/queries";
import { asProblem } from "../../api/problem";
import type { WarningDetail } from "../../api/types";
import { lateOf } from "../../kit/chain";
import { ChainOfPeople } from "../../kit/ChainOfPeople";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Seal } from "../../kit/Seal";
import { Empty, Failed, Loading } from "../../kit/States";
import { Timeline } from "../../kit/Timeline";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { HeldActs } from "../../outbox/HeldActs";
import { date } from "../../time/words";
import { ActBar } from "./ActBar";
import { actsAtAll } from "./acts";
import { MyActs, useMyDuties } from "../duties/MyActs";
import { isCall } from "../duties/order";
import { standsBy } from "../duties/words";
import { ReportsPanel } from "../reports/ReportsPanel";
import { EvidenceList } from "./EvidenceList";
import { HeadCount } from "./HeadCount";
import { WarningCurve } from "./WarningCurve";
import { WarningHead } from "./WarningHead";
import { SilenceButton } from "./SilenceButton";
import { Together } from "./Together";
import "./warning.css";

function People({ warning }: { warning: WarningDetail }): ReactNode {
  const act = useWarningAct(warning.id);
  const recall = warning.actions.find((action) => action.verb === "recall" && action.allowed);
  const late = lateOf(warning.chain);
  const again = recall && (
    <button type="button" className="linkish" disabled={act.isPending} onClick={() => act.mutate({ verb: "recall", body: {} })}>
      {t("act.recall")}
    </button>
  );
  return (
    <Panel title={t("call.title")} note={
        <>
          {t("call.note", { answered: warning.answered, called: warning.called })}
          {late > 0 && <b className="late"> {t("call.late", { n: late })}</b>}
        </>
      }
       action={
        <>
          {again} <SilenceButton warning={warning} />
        </>
      }>
      {warning.chain.length > 0 ? <ChainOfPeople rows={warning.chain} /> : <p className="note">{t("call.none")}</p>}
      {act.error && (
        <p className="notsaved" role="alert">
          {asProblem(act.error).message || t("problem.network")}
        </p>
      )}
    </Panel>
  );
}

function Before({ warning }: { warning: WarningDetail }): ReactNode {
  return (
    <Panel title={t("before.title")} note={warning.before.length > 0 ? t("before.note", { n: warning.before.length }) : undefined}>
      {warning.before.length === 0 ? (
        <p className="note">{t("before.none")}</p>
      ) : (
        <ul className="before">
          {warning.before.map((one) => (
            <li key={one.id}>
              <Link to={`/warnings/${one.id}`} className="quiet">
                <LevelMark level={one.level} state="fallen" size={20} />
                <time dateTime={one.started_at}>{date(one.started_at)}</time>
                <span>{one.title}</span>
                <i>{one.result ? `${t(`result.${one.result}`)} ${one.reason}` : t(`warning.state.${one.state}`)}</i>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Who stands by says here that they are in place, for no act of the bar below does; it is answered by the bar, as all is. */
function StandBy({ warning }: { warning: number }): ReactNode {
  const mine = useMyDuties("warning", warning).filter((duty) => standsBy(duty) && !isCall(duty));
  const acts = actsAtAll(useMe().permissions);
  if (mine.length === 0) return null;
  return (
    <div className="warning-standby">
      <MyActs duties={mine} filled={!acts} />
    </div>
  );
}

/** Who takes part, highest first; a composite with those it counted. */
function Members({ warning }: { warning: WarningDetail }): ReactNode {
  return (
    <ul className="rule-members">
      {warning.members.map((member) => (
        <li key={`${member.rule}:${member.point}:${member.kind}`}>
          <LevelMark level={member.level} size={16} /> {member.point === null ? <b>{member.title || member.name}</b> : <Link to={`/points/${member.point}`}>{member.name}</Link>}{" "}
          <span className="second">
            {member.level === 0 ? t("rule.memberNormal") : t(`level.${member.level}.word`)}
            {member.counted.length > 0 && ` \u00b7 ${member.counted.map((one) => one.name).join(t("rule.listComma"))}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Rule({ warning }: { warning: WarningDetail }): ReactNode {
  return (
    <Panel title={t("rule.title")} note={warning.rule ? t("rule.version", { version: warning.rule.version }) : undefined}>
      <dl className="facts">
        {warning.rule && (
          <>
            <dt>{t("rule.says")}</dt>
            <dd>{warning.rule.sentence}</dd>
            <dt>{t("rule.cite")}</dt>
            <dd>
              {warning.rule.cite || "\u2014"} {!warning.rule.verified && <span className="tag">{t("rule.unverified")}</span>}
            </dd>
          </>
        )}
        {warning.members.length > 1 || warning.members.some((member) => member.counted.length > 0) ? (
          <>
            <dt>{t("rule.members")}</dt>
            <dd>
              <Members warning={warning} />
            </dd>
          </>
        ) : null}
        <dt>{t("rule.count")}</dt>
        <dd>
          {t("rule.counted", { n: warning.count })}
          {warning.backfill && <span className="tag">{t("warning.backfill")}</span>}
        </dd>
        {warning.ledger && (
          <>
            <dt>{t("nav.ledger")}</dt>
            <dd>
              <Seal index={warning.ledger.index} hash={warning.ledger.leaf_hash} to={`/ledger?subject=warning:${warning.id}`} />
            </dd>
          </>
        )}
      </dl>
    </Panel>
  );
}

export function WarningPage(): ReactNode {
  const id = Number(useParams().warningId);
  const found = useWarning(id);
  const timeline = useWarningTimeline(id);
  useCrumb(t("nav.warnings"), "/warnings", found.data?.number ?? "\u2026");
  if (found.error && !found.data) {
    const missing = asProblem(found.error).status === 404;
    return missing ? (
      <Empty title={t("warning.missing")} action={<Link to="/warnings">{t("warning.toList")}</Link>}>
        {t("warning.missing.words")}
      </Empty>
    ) : (
      <Failed error={found.error} what={t("what.warning")} again={() => void found.refetch()} />
    );
  }
  if (!found.data) return <Loading what={t("what.warning")} />;
  const warning = found.data;
  return (
    <>
      <WarningHead warning={warning} />
      <HeldActs of={{ room: "warning", id: warning.id }} />
      <StandBy warning={warning.id} />
      {warning.evacuation && <HeadCount stop={warning.evacuation} />}
      <div className="warning-body">
        <div className="warning-left">
          <WarningCurve warning={warning} />
          <EvidenceList warning={warning} />
          <div className="warning-pair">
            <Rule warning={warning} />
            <Before warning={warning} />
          </div>
        </div>
        <div className="warning-right">
          <People warning={warning} />
          <ReportsPanel warning={warning} />
          <Together warning={warning} />
          <Panel title={t("timeline.title")} note={timeline.data ? t("timeline.note", { n: timeline.data.count }) : undefined}>
            {timeline.data ? <Timeline rows={timeline.data.items} /> : timeline.error ? <Failed error={timeline.error} what={t("timeline.title")} again={() => void timeline.refetch()} /> : <Loading what={t("timeline.title")} />}
          </Panel>
        </div>
      </div>
      <ActBar warning={warning} />
    </>
  );
}
