import { Input, Modal } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { NotSaved } from "../../kit/States";

interface Props {
  title: string;
  verb: string;
  busy: boolean;
  error: unknown;
  send: (note: string) => void;
  close: () => void;
}

/** Words for the record, then the verb. What was written stays when saving failed. */
export function NoteDialog({ title, verb, busy, error, send, close }: Props): ReactNode {
  const [note, setNote] = useState("");
  return (
    <Modal open title={title} okText={verb} cancelText={t("act.back")} confirmLoading={busy} onOk={() => send(note)} onCancel={close}>
      <label htmlFor="note">{t("form.note")}</label>
      <Input.TextArea id="note" rows={3} autoFocus value={note} onChange={(event) => setNote(event.target.value)} />
      <NotSaved error={error} />
    </Modal>
  );
}
