import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useParams } from "react-router";
import { useGroupAct, useGroups } from "../../api/groups";
import { useDuties, useDuty, useDutyAct, usePoint, useReadings, useSession, useStatus, useWarning } from "../../api/queries";
import { asProblem } from "../../api/problem";
import type { DutyDetail, WarningDetail } from "../../api/types";
import { CallMark } from "../../kit/ChainOfPeople";
import { Clauses } from "../../kit/Clauses";
import { Curve } from "../../kit/curve/Curve";
import { LevelMark } from "../../kit/LevelTag";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { WatchBars } from "../../kit/shell/InkBars";
import { useLine } from "../../live/connect";
import { clockSpan, clockState } from "../../time/limit";
import { HeldActs } from "../../outbox/HeldActs";
import { useHeldVerbs } from "../../outbox/acts";
import { useNow } from "../../time/server";
import { ago, moment, span } from "../../time/words";
import { NoteDialog } from "./NoteDialog";
import { seenOf } from "./order";
import { answerWord, callTitle, clockWord, standsBy } from "./words";
import "./answer.css";

function Head({ duty, warning }: { duty: DutyDetail; warning: WarningDetail | undefined }): ReactNode {
  const now = useNow();
  const clock = duty.clock;
  const state = clock ? clockState(clock, now) : "done";
  const rows = (warning?.chain ?? duty.chain).filter((row) => row.duty_id === duty.id).sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  // Whom the clock of the work calls up it does not say.
  const next = clock?.kind === "answer" ? rows.find((row) => row.state === "not_yet") : undefined;
  // A duty that has climbed names the post it reached; who reads this was called by their own.
  const me = useSession().data?.post;
  const mine = rows.find((row) => row.post === me?.title && row.organisation === me.organisation);
  const post = mine?.post ?? duty.post;
  const calls = mine?.times ?? duty.calls;
  const after = clock ? rows.filter((row) => row !== mine && row.called_at !== null && Date.parse(row.called_at) >= Date.parse(clock.due_at)) : [];
  return (
    <header className={`ahead ahead-${duty.level}`}>
      <div className="ahead-what">
        {duty.level > 0 && <LevelMark level={duty.level} state="answered" size={58} />}
        <div>
          <h1>{callTitle(duty)}</h1>
          <p>{calls > 1 ? t("answer.callN", { n: calls, post }) : t("answer.call", { post })}</p>
        </div>
      </div>
      {clock && (
        <div className={`ahead-clock ahead-clock-${state}`}>
          <span>{t(`answer.clock.${state}`, { what: clockWord(duty) })}</span>
          <b>{span(clockSpan(clock, now), state === "done" ? "plain" : "pad", true)}</b>
          <i>
            {state === "over" || state === "done" ? t("answer.wasDue", { at: moment(clock.due_at, now) }) : t("answer.after", { at: moment(clock.due_at, now) })}
            {state !== "done" && (
              <>
                <br />
                {state === "over" && after.length > 0 ? (after.length > 1 ? t("answer.calledUpMany", { who: after[0]?.post, n: after.length }) : t("answer.calledUp", { who: after[0]?.post })) : next && state !== "over" ? t("answer.callsUp", { who: next.post }) : t("answer.recorded")}
              </>
            )}
          </i>
        </div>
      )}
    </header>
  );
}

function ShortCurve({ warning }: { warning: WarningDetail }): ReactNode {
  const readings = useReadings(warning.point?.id ?? null, 4, null, 20);
  const latest = usePoint(warning.point?.id ?? 0).data?.latest;
  if (!warning.point || !readings.data) return <div className="answer-curve" />;
  return (
    <div className="answer-curve">
      <Curve compact height={170} title={warning.point.name} readings={readings.data.items} gaps={readings.data.gaps} thresholds={warning.thresholds} axis={warning.axis} unit={warning.point.unit} start={readings.data.start} end={readings.data.end} every={60_000} latest={latest} />
    </div>
  );
}

function Others({ duty, warning }: { duty: DutyDetail; warning: WarningDetail | undefined }): ReactNode {
  const rows = warning?.chain ?? duty.chain;
  const answered = rows.filter((row) => (row.state === "answered" || row.state === "done") && row.duty_id !== duty.id);
  const called = rows.filter((row) => row.state !== "not_yet");
  const done = called.filter((row) => row.answered_at !== null);
  return (
    <div className="answer-others">
      {answered.slice(0, 2).map((row) => (
        <span key={row.duty_id}>
          <CallMark state="answered" size={16} /> {row.post}
        </span>
      ))}
      <i>{t("answer.others", { answered: done.length, called: called.length })}</i>
    </div>
  );
}

/** The message may have told of a whole event: then all of it is answered here too. */
function AnswerAll({ duty }: { duty: DutyDetail }): ReactNode {
  const act = useGroupAct();
  const event = (useGroups().data?.items ?? []).find((one) => one.ended_at === null && one.waiting_for_me > 1 && one.members.some((member) => member.id === duty.subject.id));
  if (!event || duty.subject.type !== "warning" || duty.kind === "warning.withdraw") return null;
  return (
    <>
      <NotSaved error={act.error} />
      <Button className="answer-all" loading={act.isPending} onClick={() => act.mutate({ verb: "answer", group: event.id })}>
        {t("answer.all", { title: event.title, n: event.waiting_for_me })}
      </Button>
    </>
  );
}

/** What the way to its page says: only a danger is disposed of there, and not by who stands by. */
function onward(duty: DutyDetail): string {
  return duty.subject.type === "warning" && !standsBy(duty) ? t("answer.toSubject") : t("act.look");
}

function Acts({ duty }: { duty: DutyDetail }): ReactNode {
  const act = useDutyAct();
  const [declining, setDeclining] = useState(false);
  const mine = useDuties("mine").data?.items;
  // One danger may call the same person twice, to verify and to report: answering one must not look like both.
  const more = mine?.find((other) => other.id !== duty.id && other.subject.type === duty.subject.type && other.subject.id === duty.subject.id && other.actions.some((action) => action.verb === "answer" && action.allowed));
  const held = useHeldVerbs("duty", duty.id).has("answer");
  const may = (verb: string): boolean => duty.actions.some((action) => action.verb === verb && action.allowed);
  if (!may("answer")) {
    const why = duty.actions.find((action) => action.verb === "answer")?.why;
    const answered = duty.state === "answered" || duty.state === "done" || duty.state === "verified";
    return (
      <footer className="answer-acts">
        <p role="status">{answered ? t("answer.answered") : (why ?? t(`duty.state.${duty.state}`))}</p>
        {more ? (
          <Link className="answer-go ant-btn ant-btn-primary" to={`/answer/${more.id}`}>
            {t("answer.more", { title: more.title })}
          </Link>
        ) : (
          <Link className="answer-go ant-btn ant-btn-primary" to={duty.subject.url}>
            {onward(duty)}
          </Link>
        )}
      </footer>
    );
  }
  if (held) {
    return (
      <footer className="answer-acts">
        <HeldActs of={{ room: "duty", id: duty.id }} />
        <Link className="answer-go ant-btn ant-btn-primary" to={duty.subject.url}>
          {onward(duty)}
        </Link>
      </footer>
    );
  }
  return (
    <footer className="answer-acts">
      <HeldActs of={{ room: "duty", id: duty.id }} />
      <NotSaved error={act.error} />
      <Button type="primary" className="answer-yes" loading={act.isPending} onClick={() => act.mutate({ id: duty.id, verb: "answer", note: "", seen: seenOf(duty) })}>
        {answerWord(duty)}
      </Button>
      <AnswerAll duty={duty} />
      {may("decline") && (
        <Button className="answer-no" onClick={() => setDeclining(true)}>
          {t("answer.no")}
        </Button>
      )}
      {declining && <NoteDialog title={t("answer.no")} verb={t("answer.callNext")} busy={act.isPending} error={act.error} close={() => setDeclining(false)} send={(note) => act.mutate({ id: duty.id, verb: "decline", note }, { onSuccess: () => setDeclining(false) })} />}
    </footer>
  );
}

/** One called person, one screen: how bad, how long, what, and one button in thumb reach. */
export function Answer(): ReactNode {
  const found = useDuty(Number(useParams().dutyId));
  const duty = found.data;
  const warning = useWarning(duty?.subject.type === "warning" ? duty.subject.id : null).data;
  const now = useNow();
  const status = useStatus();
  const line = useLine();
  if (found.error && !duty) {
    if (asProblem(found.error).status === 404) return <Empty title={t("answer.missing")} action={<Link to="/">{t("answer.toDesk")}</Link>} />;
    return <Failed error={found.error} what={t("what.call")} again={() => void found.refetch()} />;
  }
  if (!duty) return <Loading what={t("what.call")} />;
  const place = warning ? [warning.site.name, warning.point?.address, warning.site.territory, ago(warning.started_at, now)] : [duty.subject.label === duty.title ? "" : duty.subject.label, duty.why];
  return (
    <div className="answer">
      <WatchBars watching={status.data?.watching} lost={line.since} />
      <Head duty={duty} warning={warning} />
      <main>
        <h2>
          <Clauses text={warning?.title ?? duty.title} />
        </h2>
        <p className="answer-where">{place.filter(Boolean).join(" \u00b7 ")}</p>
        {warning?.evacuation && warning.evacuation.state === "going" && <p className="answer-missing">{warning.evacuation.words}</p>}
        {warning && <ShortCurve warning={warning} />}
        {duty.orders.length > 0 && (
          <ol className="answer-orders">
            {duty.orders.slice(0, 3).map((order, i) => (
              <li key={order}>
                <i>{i + 1}</i>
                {order}
              </li>
            ))}
          </ol>
        )}
        <Others duty={duty} warning={warning} />
      </main>
      <Acts duty={duty} />
    </div>
  );
}
