import { Button } from "antd";
import { t } from "i18next";
import { CircleAlert } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { asProblem, isNotTheirs, type Recorded } from "../api/problem";
import { serverNow } from "../time/server";
import { clockTime } from "../time/words";
import "./states.css";

/** Nothing here: says so, and what to do next. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }): ReactNode {
  return (
    <div className="state">
      <b>{title}</b>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

function useAfter(ms: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return passed;
}

/** A quick answer shows no skeleton at all; a slow one says what is being fetched. */
export function Loading({ what }: { what: string }): ReactNode {
  const visible = useAfter(300);
  const words = useAfter(1000);
  return (
    <div className="state state-loading" role="status" aria-busy>
      {visible && (
        <>
          <i style={{ width: "56%" }} />
          <i style={{ width: "82%" }} />
          <i style={{ width: "38%" }} />
        </>
      )}
      {words && <p>{t("state.loading", { what })}</p>}
    </div>
  );
}

/** What a failed request means for the person: which thing, why, what is kept. */
export function useProblemWords(error: unknown): string {
  const problem = asProblem(error);
  if (problem.status === 0) return t("problem.network");
  if (isNotTheirs(problem)) return t("problem.notTheirs");
  // The server's sentence usually holds the expectation already.
  const more = problem.expected && !problem.message.includes(problem.expected);
  const expected = more ? t("problem.expected", { expected: problem.expected }) : "";
  return (problem.message || t("problem.status", { status: problem.status })) + expected;
}

export function Failed({ error, again, what }: { error: unknown; again: () => void; what: string }): ReactNode {
  const words = useProblemWords(error);
  return (
    <div className="state" role="alert">
      <b>{t("state.failed", { what })}</b>
      <p>{words}</p>
      {!isNotTheirs(asProblem(error)) && <Button onClick={again}>{t("act.again")}</Button>}
    </div>
  );
}

/** What is shown is from before: since when, beside it, while asking anew fails. */
export function Stale({ error, since, again }: { error: unknown; since: number; again: () => void }): ReactNode {
  if (!error) return null;
  return (
    <p className="state-stale" role="status">
      {t("state.stale", { at: clockTime(since + serverNow() - Date.now()) })}{" "}
      <button type="button" className="linkish" onClick={again}>
        {t("act.again")}
      </button>
    </p>
  );
}

/** Whether the server names one of these fields. */
export function isAbout(error: unknown, fields: readonly string[]): boolean {
  const { field } = asProblem(error);
  return field !== null && fields.includes(field);
}

/** Where what was recorded is to be seen; null where that is no page of its own (the page the dialog stands on shows it). */
function pathOf(recorded: Recorded | null): string | null {
  const subject = recorded?.subject;
  if (subject?.type === "report") return `/reports/${subject.id}`;
  return subject?.type === "order" ? `/orders/${subject.id}` : null;
}

/** An ink box above what could not be saved; it stays until the person acts. */
export function NotSaved({ error }: { error: unknown }): ReactNode {
  const words = useProblemWords(error);
  if (!error) return null;
  const { code, recorded } = asProblem(error);
  const path = pathOf(recorded);
  return (
    <div className="notsaved" role="alert">
      <b>{code === "key.reused" ? t("state.keyReused") : t("state.notSaved")}</b>
      {words} {path !== null && <Link to={path}>{t("state.recorded")}</Link>}
    </div>
  );
}

/** What is wrong with one field, beside it; nothing where the problem is not this field's. */
export function FieldWrong({ error, field, id }: { error: unknown; field: string; id: string }): ReactNode {
  if (!isAbout(error, [field])) return null;
  const problem = asProblem(error);
  return (
    <p className="fieldwrong" id={id} role="alert">
      <CircleAlert size={15} strokeWidth={1.6} aria-hidden />
      <span>{problem.expected ?? problem.message}</span>
    </p>
  );
}
