import { Button, Checkbox, Input, Modal, Radio, Select } from "antd";
import { t } from "i18next";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useDuties, useWarningAct, type WarningAct } from "../../api/queries";
import type { Action, WarningDetail } from "../../api/types";
import { NotSaved } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useHeldVerbs, type SeenWarning } from "../../outbox/acts";
import { actsAtAll, order, reasonsOf, type Verb } from "./acts";
import { headline } from "./words";
import { PhoneActs } from "./PhoneActs";

type Result = "real" | "false_alarm" | "device_fault";
const results: Result[] = ["real", "false_alarm", "device_fault"];
/** The codes the county counts false alarms by. */
const reasons = ["blasting", "exhaust", "calibration", "power_switch", "sensor_moved", "transmission", "wrong_threshold", "other"] as const;

/** What is being written; kept while saving fails. */
interface Draft {
  result: Result | null;
  reason: string;
  note: string;
  withdraw: boolean;
}

const blank: Draft = { result: null, reason: "", note: "", withdraw: false };

function toAct(verb: Verb, draft: Draft): WarningAct {
  if (verb === "verify") return { verb, body: { result: draft.result ?? "real", reason: draft.reason, note: draft.note } };
  if (verb === "dispose") return { verb, body: { note: draft.note, withdraw: draft.withdraw } };
  if (verb === "withdraw") return { verb, body: { note: draft.note } };
  return { verb, body: { note: draft.note } };
}

function missing(verb: Verb, draft: Draft): string | null {
  if (verb === "verify" && draft.result === null) return t("form.needResult");
  if (verb === "verify" && draft.result === "false_alarm" && draft.reason === "") return t("form.needReason");
  if (verb === "verify" && draft.reason === "other" && draft.note.trim() === "") return t("form.needOther");
  if (verb !== "verify" && draft.note.trim() === "" && !(verb === "dispose" && draft.withdraw)) return t("form.needNote");
  return null;
}

function VerifyFields({ draft, set }: { draft: Draft; set: (part: Partial<Draft>) => void }): ReactNode {
  return (
    <>
      <Radio.Group className="form-choice" value={draft.result} onChange={(event) => set({ result: event.target.value as Result, reason: "" })} aria-label={t("form.result")}>
        {results.map((result) => (
          <Radio key={result} value={result}>
            <b>{t(`result.${result}`)}</b> <span className="second">{t(`result.${result}.means`)}</span>
          </Radio>
        ))}
      </Radio.Group>
      {draft.result !== null && draft.result !== "real" && (
        <>
          <label htmlFor="reason">{t("form.reason")}</label>
          <Select id="reason" className="form-wide" value={draft.reason || undefined} placeholder={t("form.pick")} onChange={(reason: string) => set({ reason })} options={reasons.map((key) => ({ value: key, label: t(`reason.${key}`) }))} />
        </>
      )}
    </>
  );
}

const seenOf = ({ opened_at, level, episode, result }: WarningDetail): SeenWarning => ({ opened_at, level, episode, result });

function Dialog({ warning, verb, close }: { warning: WarningDetail; verb: Verb; close: () => void }): ReactNode {
  const act = useWarningAct(warning.id);
  const [draft, setDraft] = useState(blank);
  const [told, setTold] = useState(false);
  // What stood there when this was opened: what changes while it is written was not in its writer's mind.
  const [seen, setSeen] = useState<SeenWarning | null>(() => seenOf(warning));
  const set = (part: Partial<Draft>): void => setDraft((now) => ({ ...now, ...part }));
  const lack = missing(verb, draft);
  const send = (): void => {
    setTold(true);
    if (lack !== null) return;
    // Refused because it has changed: the page behind shows how, and pressing again is meant for that.
    act.mutate({ ...toAct(verb, draft), seen: seen ?? seenOf(warning) }, { onSuccess: close, onError: () => setSeen(null) });
  };
  return (
    <Modal open title={t(`act.${verb}.title`)} okText={t(`act.${verb}`)} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={send} onCancel={close} width={520}>
      <p className="second">{headline(warning)}</p>
      {verb === "verify" && <VerifyFields draft={draft} set={set} />}
      {verb === "dispose" && (
        <Checkbox className="form-check" checked={draft.withdraw} onChange={(event) => set({ withdraw: event.target.checked })}>
          <b>{t("form.withdraw")}</b> <span className="second">{t("form.withdraw.means")}</span>
        </Checkbox>
      )}
      <label htmlFor="words">{t(`form.note.${verb}`)}</label>
      <Input.TextArea id="words" rows={3} value={draft.note} onChange={(event) => set({ note: event.target.value })} />
      {told && lack !== null && (
        <p className="notsaved" role="alert">
          {lack}
        </p>
      )}
      <NotSaved error={act.error} />
    </Modal>
  );
}

/** `1` to `5` open the acts in their order, unless something is being written. */
function useKeys(press: (n: number) => void): void {
  const latest = useRef(press);
  latest.current = press;
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const from = event.target instanceof HTMLElement ? event.target : null;
      if (!/^[1-5]$/.test(event.key) || event.metaKey || event.ctrlKey || event.altKey || from?.closest("input,textarea,select,[role=dialog],[role=menu],[role=radiogroup]")) return;
      event.preventDefault();
      latest.current(Number(event.key));
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
}

/** A forbidden act stays where it belongs, disabled, its reason beside it. */
export function ActBar({ warning }: { warning: WarningDetail }): ReactNode {
  const me = useMe();
  const [search, setSearch] = useSearchParams();
  const [open, setOpen] = useState<Verb | null>(null);
  // Done here already and not with the county yet: the list above says how it stands.
  const held = useHeldVerbs("warning", warning.id);
  const find = (verb: Verb): Action => {
    const action = warning.actions.find((one) => one.verb === verb) ?? { verb, allowed: false, why: null };
    return held.has(verb) ? { ...action, allowed: false, why: t("act.held") } : action;
  };
  const asked = search.get("do") as Verb | null;
  const ready = asked !== null && order.includes(asked) && find(asked).allowed;
  useEffect(() => {
    if (asked === null) return;
    if (ready) setOpen(asked);
    setSearch((now) => {
      const next = new URLSearchParams(now);
      next.delete("do");
      return next;
    }, { replace: true });
  }, [asked, ready, setSearch]);
  // Sending back is shown only where a closing waits for review; to who has no right to any act, none: they answer.
  const acts = actsAtAll(me.permissions) ? order.filter((verb) => verb !== "return" || warning.close_asked !== null).map(find) : [];
  useKeys((n) => {
    const action = acts[n - 1];
    if (action?.allowed && open === null) setOpen(action.verb as Verb);
  });
  // Who is called answers first: the law's acts come after, and one filled button is enough.
  const call = useDuties("mine").data?.items.find((duty) => duty.subject.type === "warning" && duty.subject.id === warning.id && duty.actions.some((action) => action.verb === "answer" && action.allowed));
  const primary = call ? undefined : (acts.find((action) => action.primary && action.allowed) ?? acts.find((action) => action.allowed));
  const answer = call && (
    <Link className="actbar-answer ant-btn ant-btn-primary" to={`/answer/${call.id}`}>
      {t("act.answer")}
    </Link>
  );
  const barred = reasonsOf(acts);
  if (!call && !actsAtAll(me.permissions)) return null;
  // Nothing more can be done about a closed warning: five times the same refusal would say no more.
  if (warning.state === "closed" && !call && acts.every((action) => !action.allowed)) return null;
  return (
    <div className="actbar">
      <div className="actbar-desk">
        {answer}
        {acts.map((action) => (
          <Button key={action.verb} size="large" type={action === primary ? "primary" : "default"} disabled={!action.allowed} aria-describedby={action.allowed || !action.why ? undefined : `why-${barred.findIndex((one) => one.why === action.why)}`} onClick={() => setOpen(action.verb as Verb)}>
            {t(`act.${action.verb}`)}
          </Button>
        ))}
        {barred.length > 0 && (
          <ul className="actbar-why">
            {barred.map(({ why, verbs }, place) => (
              <li key={why} id={`why-${place}`}>
                {t("act.why", { act: verbs.map((verb) => t(`act.${verb}`)).join(t("list.and")), why })}
              </li>
            ))}
          </ul>
        )}
      </div>
      <PhoneActs answer={answer} acts={acts} primary={primary} press={(verb) => setOpen(verb)} />
      {open !== null && <Dialog warning={warning} verb={open} close={() => setOpen(null)} />}
    </div>
  );
}
