import { Button, Popconfirm } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { useProblemWords } from "../kit/States";
import { useNow } from "../time/server";
import { moment } from "../time/words";
import { acts, useUnsentActs, type UnsentAct } from "./acts";
import "./held.css";

/** Sent again as it is, it would be refused again: its doer looks at how it stands, and does it anew. */
const OVERTAKEN = "act.overtaken";

/** How it stands with one act, and why. */
function Standing({ one }: { one: UnsentAct }): ReactNode {
  const problem = asProblem(one.error);
  const why = useProblemWords(one.error);
  if (one.phase === "sending") return <b>{t("held.going")}</b>;
  if (one.phase === "refused") {
    return (
      <>
        <b>{problem.status === 409 ? t("held.overtaken") : t("held.refused")}</b> <span>{why}</span>
      </>
    );
  }
  if (problem.status === 401) return <span>{t("held.signIn")}</span>;
  return <span>{one.kept ? t("held.waits") : t("held.adrift")}</span>;
}

/** What was done here and the county does not know: in sight until the county has confirmed it, or the person lets it go. */
export function HeldActs({ of }: { of?: { room: "duty" | "warning"; id: number } }): ReactNode {
  const now = useNow();
  const held = useUnsentActs().filter((one) => one.late && (of === undefined || (one.act.subject === of.id && one.act.deed.verb.startsWith(`${of.room}.`))));
  if (held.length === 0) return null;
  return (
    <div className="held" role="alert">
      <b>{t("held.title", { n: held.length })}</b>
      <p>{t("held.means")}</p>
      <ul>
        {held.map((one) => (
          <li key={one.act.key}>
            <div>
              <b>{t(`held.verb.${one.act.deed.verb}`)}</b> <span>{one.act.about}</span>
              {one.act.deed.body.note !== "" && <p>{one.act.deed.body.note}</p>}
              <p className="second">{t("held.at", { at: moment(one.act.at, now) })}</p>
              <p>
                <Standing one={one} />
              </p>
            </div>
            {one.phase === "refused" && asProblem(one.error).code !== OVERTAKEN && <Button onClick={() => void acts.resend(one.act.key)}>{t("held.resend")}</Button>}
            <Popconfirm icon={null} title={t("held.leave.ask")} description={t("held.leave.means")} okText={t("evidence.leave")} cancelText={t("act.back")} onConfirm={() => acts.discard(one.act.key)}>
              <Button disabled={one.phase === "sending"}>{t("evidence.leave")}</Button>
            </Popconfirm>
          </li>
        ))}
      </ul>
      {held.some((one) => one.phase !== "refused") && <Button onClick={() => void acts.again()}>{t("held.again")}</Button>}
    </div>
  );
}
