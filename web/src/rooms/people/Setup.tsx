import { useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type FormEvent, type ReactNode } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import { Logo } from "../../kit/shell/Logo";
import { FieldWrong, useProblemWords } from "../../kit/States";

const fields = ["code", "county", "username", "password"] as const;
type Field = (typeof fields)[number];

const words: Record<Field, () => string> = {
  code: () => t("setup.code"),
  county: () => t("setup.county"),
  username: () => t("login.username"),
  password: () => t("login.password"),
};

/** An empty installation: whoever has the code from the terminal makes the first administrator. */
export function Setup(): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [form, setForm] = useState<Record<Field, string>>({ code: search.get("code") ?? "", county: "", username: "", password: "" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problemWords = useProblemWords(error);
  const wrong = error === null ? null : asProblem(error).field;
  // A link from the terminal carries the code: the first thing left to say is the county.
  const [first] = useState(() => fields.find((field) => form[field] === ""));
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const empty = fields.find((field) => form[field] === "");
    if (empty !== undefined) {
      document.getElementById(`setup-${empty}`)?.focus();
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const me = await got(api.POST("/api/v1/setup", { body: form }));
      client.clear();
      client.setQueryData(["session"], me);
      await navigate("/", { replace: true });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <div className="login">
      <main>
        <div className="login-brand">
          <Logo size={34} />
          <h1>{t("brand.name")}</h1>
        </div>
        <p className="login-line">{t("setup.line")}</p>
        <form onSubmit={(event) => void send(event)}>
          {fields.map((field) => (
            <div key={field} className="setup-field">
              <label htmlFor={`setup-${field}`}>{words[field]()}</label>
              <Input
                id={`setup-${field}`}
                autoFocus={field === first}
                size="large"
                type={field === "password" ? "password" : "text"}
                autoComplete={field === "password" ? "new-password" : field === "username" ? "username" : "off"}
                aria-invalid={wrong === field}
                aria-describedby={wrong === field ? `setup-${field}-wrong` : undefined}
                value={form[field]}
                onChange={(event) => setForm((now) => ({ ...now, [field]: event.target.value }))}
              />
              {field === "code" && <p className="note">{t("setup.code.where")}</p>}
              <FieldWrong error={error} field={field} id={`setup-${field}-wrong`} />
            </div>
          ))}
          {error !== null && !fields.includes(wrong as Field) && (
            <p className="notsaved" role="alert">
              {problemWords}
            </p>
          )}
          <Button type="primary" htmlType="submit" size="large" block loading={busy}>
            {t("setup.go")}
          </Button>
        </form>
      </main>
    </div>
  );
}
