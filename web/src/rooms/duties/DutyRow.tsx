import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { useDutyAct } from "../../api/queries";
import type { Duty, Limit } from "../../api/types";
import { ClockWithBar } from "../../kit/Clock";
import { Clauses } from "../../kit/Clauses";
import { LevelMark, type TagState } from "../../kit/LevelTag";
import { NotSaved } from "../../kit/States";
import { useHeldVerbs } from "../../outbox/acts";
import { useNow } from "../../time/server";
import { spanWords } from "../../time/words";
import { NoteDialog } from "./NoteDialog";
import { rowAct, seenOf, watchAct, type RowAct } from "./order";
import { followWord } from "./words";

function markState(duty: Duty): TagState {
  if (duty.state === "called") return "unanswered";
  return duty.state === "answered" ? "answered" : "fallen";
}

/** What the button says: the duty's own verb where pressing does that, else what pressing does. */
function verbOf(duty: Duty, what: RowAct, watched: boolean): string {
  if (what.how === "open") return watched || what.url === duty.subject.url ? t("act.look") : duty.verb;
  if (what.verb === "recall") return t("act.recall");
  return what.verb === "answer" ? t("act.answer") : duty.verb;
}

/** The clock is of who is called now; that those before them, of this round or one before, let their limit pass is why the duty is late. */
function Passed({ since, limit }: { since: string; limit: Limit }): ReactNode {
  const now = useNow();
  const first = Date.parse(since);
  if (first >= Date.parse(limit.due_at)) return null;
  return <strong>{t("desk.passed", { span: spanWords(Math.max(0, now - first), true) })}</strong>;
}

/** Level, verb and object, one line why, the clock with its bar, one button. `watched`: called are others, and the row says whom. */
export function DutyRow({ duty, filled, watched = false }: { duty: Duty; filled: boolean; watched?: boolean }): ReactNode {
  const navigate = useNavigate();
  const act = useDutyAct();
  const [asking, setAsking] = useState(false);
  // Done here already: the desk's list above says how it stands, and a second press would send it twice.
  const held = useHeldVerbs("duty", duty.id).size > 0;
  const seen = seenOf(duty);
  const what = watched ? watchAct(duty) : rowAct(duty);
  // Two calls on one warning differ in what must follow the answer.
  const then = !watched && duty.state === "called" ? followWord(duty) : null;
  const closed = duty.state === "done" || duty.state === "verified" || duty.state === "cancelled";
  const press = (): void => {
    if (what.how === "open") void navigate(what.url);
    else if (what.how === "note") setAsking(true);
    else act.mutate({ id: duty.id, verb: what.verb, note: "", seen });
  };
  return (
    <div className={`duty${closed ? " duty-closed" : ""}`} style={duty.level > 0 && !closed ? { boxShadow: `inset 3px 0 var(--l${duty.level}-fill)` } : undefined}>
      <LevelMark level={duty.level} state={markState(duty)} size={duty.level > 0 ? 32 : 22} />
      <Link to={duty.subject.url} className="quiet duty-words">
        <b>
          <em>{duty.verb}</em> <Clauses text={duty.title} />
        </b>
        <span title={duty.why}>
          {watched && duty.post !== "" && <strong>{t("desk.who", { who: `${duty.organisation}${duty.post}`, how: t(`duty.state.${duty.state}`) })}</strong>}
          {watched && duty.clock && duty.late_since && <Passed since={duty.late_since} limit={duty.clock} />}
          {then !== null && <strong>{t("desk.then", { what: then })}</strong>}
          {duty.why}
        </span>
      </Link>
      <span className="duty-clock">{duty.clock && <ClockWithBar limit={duty.clock} />}</span>
      {!closed && (
        <Button className="duty-verb" type={filled ? "primary" : "default"} loading={act.isPending} disabled={held && what.how !== "open"} onClick={press}>
          {verbOf(duty, what, watched)}
        </Button>
      )}
      {act.error && (
        <div className="duty-error">
          <NotSaved error={act.error} />
        </div>
      )}
      {asking && what.how === "note" && <NoteDialog title={`${duty.verb} ${duty.title}`} verb={duty.verb} busy={act.isPending} error={act.error} send={(note) => act.mutate({ id: duty.id, verb: what.verb, note, seen }, { onSuccess: () => setAsking(false) })} close={() => setAsking(false)} />}
    </div>
  );
}
