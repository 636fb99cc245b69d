import { Button, Input, Modal } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import { FieldWrong, isAbout } from "../../kit/States";
import { Dialog, Field } from "./Dialog";
import { useChange, type Account } from "./queries";

interface Props {
  account: Account;
  close: () => void;
}

/** A new password for another's account: told to them by word of mouth, and changed by them under 我的账号. */
export function AccountPassword({ account, close }: Props): ReactNode {
  const [password, setPassword] = useState("");
  const change = useChange(() => got(api.POST("/api/v1/users/{id}/password", { params: { path: { id: account.id } }, body: { password } })));
  const about = isAbout(change.error, ["password"]);
  return (
    <Dialog title={t("people.account.newPassword.title", { name: account.username })} verb={t("people.account.newPassword")} busy={change.isPending} error={about ? null : change.error} close={close} can={password !== ""} send={() => change.mutate(undefined, { onSuccess: close })}>
      <p className="second">{t("people.account.newPassword.means")}</p>
      <Field label={t("mine.password")}>
        <Input.Password value={password} autoComplete="new-password" maxLength={200} aria-invalid={about} aria-describedby="account-password-wrong" onChange={(event) => setPassword(event.target.value)} />
      </Field>
      <FieldWrong error={change.error} field="password" id="account-password-wrong" />
    </Dialog>
  );
}

/** Telephone and recovery codes are gone: the factor is taken off once a second person agrees. */
export function FactorReset({ account, close }: Props): ReactNode {
  const [reason, setReason] = useState("");
  const ask = useChange(() => got(api.POST("/api/v1/users/{id}/factor/reset", { params: { path: { id: account.id } }, body: { reason: reason.trim() } })));
  if (ask.isSuccess) {
    return (
      <Modal open title={t("people.account.reset.title", { name: account.username })} onCancel={close} footer={<Button type="primary" onClick={close}>{t("act.close")}</Button>}>
        <p role="status">{t("people.account.reset.waits")}</p>
      </Modal>
    );
  }
  return (
    <Dialog title={t("people.account.reset.title", { name: account.username })} verb={t("people.account.reset.ask")} busy={ask.isPending} error={ask.error} close={close} can={reason.trim() !== ""} send={() => ask.mutate(undefined)}>
      <p className="second">{t("people.account.reset.means")}</p>
      <Field label={t("form.reason")}>
        <Input value={reason} maxLength={400} aria-invalid={asProblem(ask.error).field === "reason"} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}

/** Who the account's owner is at the county's provider of single sign-on. */
export function AccountIdentity({ account, close }: Props): ReactNode {
  const [subject, setSubject] = useState("");
  const path = { params: { path: { id: account.id } } };
  const bind = useChange(() => got(api.PUT("/api/v1/users/{id}/identity", { ...path, body: { subject: subject.trim() } })));
  const unbind = useChange(() => got(api.DELETE("/api/v1/users/{id}/identity", path)));
  const title = t("people.account.sso.title", { name: account.username });
  if (account.identity !== null) {
    return (
      <Dialog title={title} verb={t("people.account.sso.unbind")} busy={unbind.isPending} error={unbind.error} close={close} can send={() => unbind.mutate(undefined, { onSuccess: close })}>
        <p className="second">{t("people.account.sso.bound", { subject: account.identity })}</p>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} verb={t("people.account.sso.bind")} busy={bind.isPending} error={bind.error} close={close} can={subject.trim() !== ""} send={() => bind.mutate(undefined, { onSuccess: close })}>
      <p className="second">{t("people.account.sso.means")}</p>
      <Field label={t("people.account.sso.subject")}>
        <Input value={subject} maxLength={255} autoComplete="off" onChange={(event) => setSubject(event.target.value)} />
      </Field>
    </Dialog>
  );
}
