import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type FormEvent, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { Me } from "../../api/types";
import { FieldWrong, useProblemWords } from "../../kit/States";
import { useChange } from "./queries";

type Field = "current" | "password" | "again";
const fields: Field[] = ["current", "password", "again"];
const nothing: Record<Field, string> = { current: "", password: "", again: "" };
const words: Record<Field, () => string> = {
  current: () => t("mine.current"),
  password: () => t("mine.password"),
  again: () => t("mine.again"),
};

/** What the server cannot know: the second time the password is typed is for the eyes of who types it. */
export function Password({ me, changed }: { me: Me; changed?: () => void }): ReactNode {
  const [form, setForm] = useState(nothing);
  const [tried, setTried] = useState(false);
  const change = useChange(() => got(api.POST("/api/v1/session/password", { body: { current: form.current, password: form.password } })));
  const other = useProblemWords(change.error);
  const field = change.error === null ? null : asProblem(change.error).field;
  const differs = tried && form.again !== form.password;
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    const empty = fields.find((one) => form[one] === "") ?? (form.again === form.password ? undefined : "again");
    if (empty !== undefined) return document.getElementById(`mine-${empty}`)?.focus();
    change.mutate(undefined, {
      onSuccess: () => {
        setForm(nothing);
        setTried(false);
        changed?.();
      },
    });
  };
  return (
    <form className="pform mine-form" onSubmit={send}>
      <input type="text" name="username" autoComplete="username" value={me.user.username} readOnly hidden />
      {fields.map((one) => (
        <div key={one} className="pfield">
          <label htmlFor={`mine-${one}`}>{words[one]()}</label>
          <Input
            id={`mine-${one}`}
            type="password"
            autoComplete={one === "current" ? "current-password" : "new-password"}
            maxLength={200}
            value={form[one]}
            aria-invalid={field === one || (one === "again" && differs)}
            aria-describedby={`mine-${one}-wrong`}
            onChange={(event) => setForm({ ...form, [one]: event.target.value })}
          />
          <FieldWrong error={change.error} field={one} id={`mine-${one}-wrong`} />
          {one === "again" && differs && (
            <p className="fieldwrong" id="mine-again-wrong" role="alert">
              {t("mine.again.differs")}
            </p>
          )}
        </div>
      ))}
      {change.error !== null && !fields.includes(field as Field) && (
        <p className="notsaved" role="alert">
          {other}
        </p>
      )}
      <p className="note">
        {t("mine.password.means")}
        {me.identity && t("mine.password.sso")}
      </p>
      <div>
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t("mine.password.change")}
        </Button>
      </div>
      {change.isSuccess && (
        <p role="status">
          <b>{t("mine.password.changed")}</b>
        </p>
      )}
    </form>
  );
}
