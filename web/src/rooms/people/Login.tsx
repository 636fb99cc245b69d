import { useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { t } from "i18next";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import { useHello } from "../../api/queries";
import { speak, tongue } from "../../i18n";
import { Logo } from "../../kit/shell/Logo";
import { useProblemWords } from "../../kit/States";
import { safeNext } from "./onward";
import { Setup } from "./Setup";
import "./login.css";

/** So many demo accounts are shown until asked for all. */
const FEW = 8;

/** What the way back from the provider may say; any other word reads as the worst of them. */
const saidWords = new Set(["down", "expired", "denied", "misset", "untrusted", "inactive", "many", "off", "stale"]);

export function Login(): ReactNode {
  const hello = useHello();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  // The second step: name and password are right, and the account asks for a code. They are sent again with it.
  const [code, setCode] = useState<string | null>(null);
  const [all, setAll] = useState(false);
  const enterButton = useRef<HTMLButtonElement>(null);
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);
  // At a desk shared by many, who came back from the provider may be the wrong one: the next signs in as always.
  const [another, setAnother] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problemWords = useProblemWords(error);
  useEffect(() => {
    document.title = `${t("login.enter")} \u00b7 ${t("brand.name")}`;
  }, []);
  const sso = hello.data?.sso ?? null;
  // What the provider's answer left to be asked; over once it was asked in vain for ten minutes.
  const step = another ? "" : (sso?.step ?? "");
  const said = search.get("sso");
  const onlyCode = step === "code";
  const enter = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const empty = onlyCode ? (code?.trim() ? null : "code") : username === "" ? "username" : password === "" ? "password" : code?.trim() === "" ? "code" : null;
    if (empty !== null) {
      document.getElementById(empty)?.focus();
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const me = onlyCode
        ? await got(api.POST("/api/v1/session/oidc/code", { body: { code: code ?? "" } }))
        : await got(api.POST("/api/v1/session", { body: { username, password, code: code ?? "", bind: step === "bind" } }));
      client.clear();
      client.setQueryData(["session"], me);
      await navigate(safeNext(search.get("next")), { replace: true });
    } catch (problem) {
      const asked = asProblem(problem).code === "factor.needed";
      if (asked) setCode("");
      setError(asked ? null : problem);
      setBusy(false);
    }
  };
  const leave = async (): Promise<void> => {
    setLeaving(true);
    setError(null);
    try {
      const { address } = await got(api.POST("/api/v1/session/oidc", { body: { next: safeNext(search.get("next")) } }));
      window.location.assign(address);
    } catch (problem) {
      setError(problem);
      setLeaving(false);
    }
  };
  const other = (): void => {
    setAnother(true);
    setCode(null);
    setPassword("");
    setError(null);
  };
  if (hello.data?.setup_needed) return <Setup />;
  const words = error === null ? null : asProblem(error).status === 401 && asProblem(error).code === null ? t("login.wrong") : problemWords;
  const demo = hello.data?.demo_users ?? [];
  const passwords = new Set(demo.map((user) => user.password));
  const samePassword = passwords.size === 1 ? (demo[0]?.password ?? null) : null;
  return (
    <div className="login">
      {hello.data?.drill && (
        <div className="inkbars" role="alert">
          <p>{t("bar.drill")}</p>
        </div>
      )}
      <main>
        <div className="login-brand">
          <Logo size={34} />
          <h1>{t("brand.name")}</h1>
          <span>{hello.data?.county.name}</span>
        </div>
        <p className="login-line">{t("login.line")}</p>
        {sso !== null && step === "" && code === null && (
          <div className="login-sso">
            <Button type={sso.passwords ? "default" : "primary"} size="large" block loading={leaving} onClick={() => void leave()}>
              {t("login.sso.enter", { name: sso.name || t("login.sso.name") })}
            </Button>
            {said !== null && said !== "bind" && said !== "code" && (
              <p className="notsaved" role="alert">
                {t(`login.sso.${saidWords.has(said) ? said : "untrusted"}`)}
              </p>
            )}
          </div>
        )}
        <form onSubmit={(event) => void enter(event)}>
          {step === "bind" && code === null && (
            <p className="login-who" role="status">
              {t("login.sso.bind", { who: sso?.who, identity: sso?.identity })}
              {sso?.passwords === false && t("login.sso.bind.admin")}
              <button type="button" className="linkish" onClick={other}>
                {t("login.code.other")}
              </button>
            </p>
          )}
          {code === null && !onlyCode ? (
            <>
              <label htmlFor="username">{t("login.username")}</label>
              <Input id="username" size="large" autoComplete="username" autoFocus value={username} onChange={(event) => setUsername(event.target.value)} />
              <label htmlFor="password">{t("login.password")}</label>
              <Input.Password id="password" size="large" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
            </>
          ) : (
            <>
              <p className="login-who">
                {onlyCode ? t("login.sso.code", { who: sso?.who, identity: sso?.identity }) : t("login.code.who", { name: username })}
                <button type="button" className="linkish" onClick={other}>
                  {t("login.code.other")}
                </button>
              </p>
              <label htmlFor="code">{t("login.code")}</label>
              <Input id="code" size="large" className="factor-code" autoComplete="one-time-code" autoFocus maxLength={40} value={code ?? ""} aria-describedby="code-note" onChange={(event) => setCode(event.target.value)} />
              <p className="note login-note" id="code-note">
                {t("login.code.note")}
              </p>
            </>
          )}
          {words !== null && (
            <p className="notsaved" role="alert">
              {words}
            </p>
          )}
          <Button ref={enterButton} type="primary" htmlType="submit" size="large" block loading={busy}>
            {t("login.enter")}
          </Button>
        </form>
        {code === null && step === "" && demo.length > 0 && (
          <section className="login-demo">
            <h2>
              {t("login.demo")}
              {samePassword !== null && <span>{t("login.demo.password", { password: samePassword })}</span>}
            </h2>
            <ul>
              {demo.slice(0, all ? undefined : FEW).map((user) => (
                <li key={user.username}>
                  <button
                    type="button"
                    aria-pressed={username === user.username}
                    onClick={() => {
                      setUsername(user.username);
                      setPassword(user.password);
                      setError(null);
                      enterButton.current?.focus();
                    }}
                  >
                    <b>{user.post}</b>
                    <span>{samePassword === null ? `${user.username} / ${user.password}` : user.username}</span>
                  </button>
                </li>
              ))}
            </ul>
            {!all && demo.length > FEW && (
              <button type="button" className="linkish login-more" onClick={() => setAll(true)}>
                {t("login.demo.more", { n: demo.length - FEW })}
              </button>
            )}
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
