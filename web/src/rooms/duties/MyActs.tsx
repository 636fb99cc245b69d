import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useDuties, useDutyAct } from "../../api/queries";
import type { Duty } from "../../api/types";
import { Clock } from "../../kit/Clock";
import { NotSaved } from "../../kit/States";
import { HeldActs } from "../../outbox/HeldActs";
import { useHeldVerbs } from "../../outbox/acts";
import { NoteDialog } from "./NoteDialog";
import { isCall, ownActs, seenOf } from "./order";
import { callTitle, clockWord } from "./words";
import "./myacts.css";

/** My open duties about one thing. */
export function useMyDuties(type: string, id: number): Duty[] {
  return (useDuties("mine").data?.items ?? []).filter((duty) => duty.subject.type === type && duty.subject.id === id);
}

function MyAct({ duty, filled }: { duty: Duty; filled: boolean }): ReactNode {
  const act = useDutyAct();
  const [asking, setAsking] = useState<"decline" | "done" | null>(null);
  // Done here and not with the county yet: the list above says how it stands, and a second press would send it twice.
  const held = useHeldVerbs("duty", duty.id).size > 0;
  const verbs = ownActs(duty);
  if (verbs.length === 0 && !held) return null;
  const words = { answer: t("act.answer"), decline: t("answer.no"), done: duty.verb };
  const press = (verb: (typeof verbs)[number]): void => {
    if (verb !== "answer") setAsking(verb);
    else act.mutate({ id: duty.id, verb, note: "", seen: seenOf(duty) });
  };
  const send = (note: string): void => {
    if (asking !== null) act.mutate({ id: duty.id, verb: asking, note, seen: seenOf(duty) }, { onSuccess: () => setAsking(null) });
  };
  return (
    <section className="myact" aria-label={callTitle(duty)}>
      <b>{callTitle(duty)}</b>
      {duty.clock && (
        <span className="myact-clock">
          {clockWord(duty)} <Clock limit={duty.clock} short />
        </span>
      )}
      {!held && (
        <span className="myact-verbs">
          {verbs.map((verb) => (
            <Button key={verb} size="large" type={filled && verb !== "decline" ? "primary" : "default"} loading={act.isPending && act.variables.verb === verb} disabled={act.isPending} onClick={() => press(verb)}>
              {words[verb]}
            </Button>
          ))}
        </span>
      )}
      <HeldActs of={{ room: "duty", id: duty.id }} />
      {asking === null && <NotSaved error={act.error} />}
      {asking !== null && <NoteDialog title={asking === "decline" ? t("answer.no") : t("desk.what", { verb: duty.verb, title: duty.title })} verb={asking === "decline" ? t("answer.callNext") : duty.verb} busy={act.isPending} error={act.error} send={send} close={() => setAsking(null)} />}
    </section>
  );
}

/** On the page of what one is called for: answer, pass it on, then do it with a word for the record. */
export function MyActs({ duties, filled }: { duties: readonly Duty[]; filled: boolean }): ReactNode {
  const called = duties.some(isCall);
  return duties.map((duty) => <MyAct key={duty.id} duty={duty} filled={filled && (isCall(duty) || !called)} />);
}
