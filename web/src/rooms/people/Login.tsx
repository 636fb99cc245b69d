import { useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { t } from "i18next";
import { useEffect, useState, type FormEvent, type ReactNode } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import { useHello } from "../../api/queries";
import { speak, tongue } from "../../i18n";
import { Logo } from "../../kit/shell/Logo";
import { useProblemWords } from "../../kit/States";
import { Setup } from "./Setup";
import "./login.css";

/** Only paths of this face are followed after the login; `//host` would leave it. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}

export function Login(): ReactNode {
  const hello = useHello();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problemWords = useProblemWords(error);
  useEffect(() => {
    document.title = `${t("login.enter")} \u00b7 ${t("brand.name")}`;
  }, []);
  const enter = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const me = await got(api.POST("/api/v1/session", { body: { username, password } }));
      client.clear();
      client.setQueryData(["session"], me);
      await navigate(safeNext(search.get("next")), { replace: true });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  if (hello.data?.setup_needed) return <Setup />;
  const words = error === null ? null : asProblem(error).status === 401 ? t("login.wrong") : problemWords;
  const demo = hello.data?.demo_users ?? [];
  return (
    <div className="login">
      <main>
        <div className="login-brand">
          <Logo size={34} />
          <h1>{t("brand.name")}</h1>
          <span>{hello.data?.county.name}</span>
        </div>
        <p className="login-line">{t("login.line")}</p>
        <form onSubmit={(event) => void enter(event)}>
          <label htmlFor="username">{t("login.username")}</label>
          <Input id="username" size="large" autoComplete="username" autoFocus value={username} onChange={(event) => setUsername(event.target.value)} />
          <label htmlFor="password">{t("login.password")}</label>
          <Input.Password id="password" size="large" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
          {words !== null && (
            <p className="notsaved" role="alert">
              {words}
            </p>
          )}
          <Button type="primary" htmlType="submit" size="large" block loading={busy} disabled={username === "" || password === ""}>
            {t("login.enter")}
          </Button>
        </form>
        {demo.length > 0 && (
          <section className="login-demo">
            <h2>{t("login.demo")}</h2>
            <ul>
              {demo.map((user) => (
                <li key={user.username}>
                  <button
                    type="button"
                    onClick={() => {
                      setUsername(user.username);
                      setPassword(user.password);
                      setError(null);
                    }}
                  >
                    <b>{user.post}</b>
                    <span>
                      {user.username} / {user.password}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
      </main>
      <footer>
        <button type="button" className="linkish" onClick={() => void speak(tongue() === "zh" ? "en" : "zh")}>
          {t("login.otherTongue")}
        </button>
      </footer>
    </div>
  );
}
