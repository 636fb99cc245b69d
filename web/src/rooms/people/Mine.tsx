import { Button, Input, Popconfirm } from "antd";
import { t } from "i18next";
import { useState, type FormEvent, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { Me } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { FieldWrong, useProblemWords } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Factor } from "./Factor";
import { useChange } from "./queries";
import "./people.css";

type Field = "current" | "password" | "again";
const fields: Field[] = ["current", "password", "again"];
const nothing: Record<Field, string> = { current: "", password: "", again: "" };
const words: Record<Field, () => string> = {
  current: () => t("mine.current"),
  password: () => t("mine.password"),
  again: () => t("mine.again"),
};

/** What the server cannot know: the second time the password is typed is for the eyes of who types it. */
function Password({ me }: { me: Me }): ReactNode {
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
      <p className="note">{t("mine.password.means")}</p>
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

function Elsewhere(): ReactNode {
  const end = useChange(() => got(api.POST("/api/v1/session/end-others")));
  const wrong = useProblemWords(end.error);
  return (
    <div className="pform">
      <p>{t("mine.others.words")}</p>
      <div>
        <Popconfirm icon={null} title={t("mine.others.sure")} description={t("mine.others.means")} okText={t("mine.others.end")} cancelText={t("act.back")} onConfirm={() => end.mutate()}>
          <Button loading={end.isPending}>{t("mine.others.end")}</Button>
        </Popconfirm>
      </div>
      {end.error !== null && (
        <p className="notsaved" role="alert">
          {wrong}
        </p>
      )}
      {end.isSuccess && (
        <p role="status">
          <b>{t("mine.others.ended")}</b>
        </p>
      )}
    </div>
  );
}

/** 我的账号: as whom I am here, a new password, and what to do when a telephone of mine is gone. */
export default function Mine({ me }: { me: Me }): ReactNode {
  useCrumb(t("mine.title"), "/mine");
  const post = me.post ? `${me.post.organisation}${me.post.title}` : t("mine.noPost");
  return (
    <div className="page mine">
      <h1>{me.user.display}</h1>
      <p className="note">
        {me.user.username} {"\u00b7"} {t(`role.${me.user.role}`)} {"\u00b7"} {post} {"\u00b7"} {me.whole ? t("mine.whole", { county: me.county.name }) : t("mine.part")}
      </p>
      <Panel title={t("mine.others")}>
        <Elsewhere />
      </Panel>
      <Panel title={t("mine.factor.title")}>
        <Factor />
      </Panel>
      <Panel title={t("mine.password.title")}>
        <Password me={me} />
      </Panel>
    </div>
  );
}
