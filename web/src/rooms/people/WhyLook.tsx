import { Button, Input, Modal } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { NotSaved } from "../../kit/States";

const reasons = ["call", "check", "inspect"] as const;

interface Props {
  name: string;
  busy: boolean;
  error: unknown;
  send: (why: string) => void;
  close: () => void;
}

/** Why somebody's number is looked at, for the log of looks: one press on a usual reason sends it, no time is lost in an emergency. */
export function WhyLook({ name, busy, error, send, close }: Props): ReactNode {
  const [why, setWhy] = useState("");
  return (
    <Modal open title={t("people.phone.why", { name })} okText={t("people.phone.look")} cancelText={t("act.back")} confirmLoading={busy} okButtonProps={{ disabled: why.trim() === "" }} onOk={() => send(why.trim())} onCancel={close}>
      <p className="second">{t("people.phone.why.note")}</p>
      <p className="why-look">
        {reasons.map((reason, i) => (
          <Button key={reason} autoFocus={i === 0} disabled={busy} onClick={() => send(t(`people.phone.why.${reason}`))}>
            {t(`people.phone.why.${reason}`)}
          </Button>
        ))}
      </p>
      <label htmlFor="why-look">{t("people.phone.why.other")}</label>
      <Input id="why-look" maxLength={200} value={why} onChange={(event) => setWhy(event.target.value)} onPressEnter={() => why.trim() !== "" && send(why.trim())} />
      <NotSaved error={error} />
    </Modal>
  );
}
