import { t } from "i18next";
import { Input, Modal } from "antd";
import { useState, type ReactNode } from "react";
import { useGroupAct } from "../../api/groups";
import { NotSaved } from "../../kit/States";

/** 拆出: this warning has a cause of its own. */
export function SplitDialog({ warning, close }: { warning: { id: number; number: string; title: string }; close: () => void }): ReactNode {
  const act = useGroupAct();
  const [reason, setReason] = useState("");
  const [told, setTold] = useState(false);
  const send = (): void => {
    setTold(true);
    if (reason.trim() !== "") act.mutate({ verb: "split", warning: warning.id, reason }, { onSuccess: close });
  };
  return (
    <Modal open title={t("group.split.of", { number: warning.number })} okText={t("group.split")} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={send} onCancel={close}>
      <p className="second">{t("group.split.words", { title: warning.title })}</p>
      <label htmlFor="split-reason">{t("silence.reason")}</label>
      <Input.TextArea id="split-reason" rows={2} maxLength={400} autoFocus value={reason} onChange={(event) => setReason(event.target.value)} />
      {told && reason.trim() === "" && (
        <p className="notsaved" role="alert">
          {t("group.needReason")}
        </p>
      )}
      <NotSaved error={act.error} />
    </Modal>
  );
}
