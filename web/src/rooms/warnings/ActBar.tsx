import { Button, Checkbox, Input, Modal, Radio, Select } from "antd";
import { t } from "i18next";
import { useEffect, useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { useWarningAct, type WarningAct } from "../../api/queries";
import type { Action, WarningDetail } from "../../api/types";
import { NotSaved } from "../../kit/States";
import { headline } from "./words";
import { PhoneActs } from "./PhoneActs";

/** The order of the law: verify, dispose, feed back, close. */
export const order = ["verify", "dispose", "feedback", "close"] as const;
export type Verb = (typeof order)[number];
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

function Dialog({ warning, verb, close }: { warning: WarningDetail; verb: Verb; close: () => void }): ReactNode {
  const act = useWarningAct(warning.id);
  const [draft, setDraft] = useState(blank);
  const [told, setTold] = useState(false);
  const set = (part: Partial<Draft>): void => setDraft((now) => ({ ...now, ...part }));
  const lack = missing(verb, draft);
  const send = (): void => {
    setTold(true);
    if (lack === null) act.mutate(toAct(verb, draft), { onSuccess: close });
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

/** A forbidden act stays where it belongs, disabled, its reason beside it. */
export function ActBar({ warning }: { warning: WarningDetail }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const [open, setOpen] = useState<Verb | null>(null);
  const find = (verb: Verb): Action => warning.actions.find((action) => action.verb === verb) ?? { verb, allowed: false, why: null };
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
  const acts = order.map(find);
  const primary = acts.find((action) => action.primary && action.allowed) ?? acts.find((action) => action.allowed);
  const why = acts.find((action) => !action.allowed && action.why);
  return (
    <div className="actbar">
      <div className="actbar-desk">
        {acts.map((action) => (
          <Button key={action.verb} size="large" type={action === primary ? "primary" : "default"} disabled={!action.allowed} title={action.why ?? undefined} onClick={() => setOpen(action.verb as Verb)}>
            {t(`act.${action.verb}`)}
          </Button>
        ))}
        {why && <span className="actbar-why">{t("act.why", { act: t(`act.${why.verb}`), why: why.why })}</span>}
      </div>
      <PhoneActs acts={acts} primary={primary} press={(verb) => setOpen(verb)} />
      {open !== null && <Dialog warning={warning} verb={open} close={() => setOpen(null)} />}
    </div>
  );
}
