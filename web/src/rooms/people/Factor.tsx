import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, QRCode } from "antd";
import { t } from "i18next";
import { useState, type FormEvent, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { components } from "../../api/schema";
import { Failed, FieldWrong, Loading, useProblemWords } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Once } from "../admin/Once";
import { useChange } from "./queries";

type Name = "password" | "code";
type Values = Record<Name, string>;
const nothing: Values = { password: "", code: "" };
/** Below so many recovery codes a new set is advised. */
const FEW = 3;

interface Asked {
  fields: readonly Name[];
  /** What the code is called here: of the app alone, or a recovery code as well. */
  code?: string;
  verb: string;
  primary?: boolean;
  busy: boolean;
  error: unknown;
  send: (values: Values) => void;
  back?: () => void;
}

/** Password, code or both, and the verb they are for. An empty field takes the keyboard and nothing is sent. */
function Ask({ fields, code, verb, primary = true, busy, error, send, back }: Asked): ReactNode {
  const [form, setForm] = useState(nothing);
  const other = useProblemWords(error);
  const field = error === null ? null : asProblem(error).field;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const empty = fields.find((one) => form[one].trim() === "");
    if (empty !== undefined) return document.getElementById(`factor-${empty}`)?.focus();
    send(form);
  };
  return (
    <form className="pform mine-form" onSubmit={submit}>
      {fields.map((one) => (
        <div key={one} className="pfield">
          <label htmlFor={`factor-${one}`}>{one === "password" ? t("mine.factor.password") : (code ?? t("mine.factor.code"))}</label>
          <Input
            id={`factor-${one}`}
            type={one === "password" ? "password" : "text"}
            className={one === "code" ? "factor-code" : ""}
            autoComplete={one === "password" ? "current-password" : "one-time-code"}
            maxLength={one === "password" ? 200 : 40}
            value={form[one]}
            aria-invalid={field === one}
            aria-describedby={`factor-${one}-wrong`}
            onChange={(event) => setForm({ ...form, [one]: event.target.value })}
          />
          <FieldWrong error={error} field={one} id={`factor-${one}-wrong`} />
        </div>
      ))}
      {error !== null && !fields.includes(field as Name) && (
        <p className="notsaved" role="alert">
          {other}
        </p>
      )}
      <div className="factor-acts">
        <Button type={primary ? "primary" : "default"} htmlType="submit" loading={busy}>
          {verb}
        </Button>
        {back && <Button onClick={back}>{t("act.back")}</Button>}
      </div>
    </form>
  );
}

/** Set up: the present password, the picture, the first code. The picture is drawn here; the secret goes nowhere else. */
function Begin({ done }: { done: (codes: string[]) => void }): ReactNode {
  const begin = useChange((values: Values) => got(api.POST("/api/v1/session/factor", { body: { password: values.password } })));
  const confirm = useChange((values: Values) => got(api.POST("/api/v1/session/factor/confirm", { body: { code: values.code } })));
  const made = begin.data;
  if (!made) return <Ask key="begin" fields={["password"]} verb={t("mine.factor.begin")} busy={begin.isPending} error={begin.error} send={(values) => begin.mutate(values)} />;
  const restart = (): void => {
    begin.reset();
    confirm.reset();
  };
  return (
    <div className="factor-new">
      <div className="factor-picture">
        {/* Black on white in both themes: cameras read no other. */}
        <QRCode type="svg" value={made.uri} size={192} errorLevel="L" color="#000" bgColor="#fff" bordered={false} aria-label={t("mine.factor.picture")} />
      </div>
      <div className="factor-words">
        <p>{t("mine.factor.scan")}</p>
        <p className="note">{t("mine.factor.byHand")}</p>
        <code className="factor-secret">{made.secret.match(/.{1,4}/g)?.join(" ")}</code>
        <Ask key="confirm" fields={["code"]} verb={t("mine.factor.confirm")} busy={confirm.isPending} error={confirm.error} send={(values) => confirm.mutate(values, { onSuccess: ({ codes }) => done(codes) })} back={restart} />
      </div>
    </div>
  );
}

/** In force: how many recovery codes are left, new ones, and switching off before a new telephone. */
function Standing({ factor, renewed }: { factor: components["schemas"]["FactorOut"]; renewed: (codes: string[]) => void }): ReactNode {
  const now = useNow();
  const client = useQueryClient();
  const [doing, setDoing] = useState<"renew" | "off" | null>(null);
  const renew = useChange((values: Values) => got(api.POST("/api/v1/session/factor/codes", { body: { code: values.code } })));
  const end = useChange((values: Values) => got(api.POST("/api/v1/session/factor/off", { body: values })));
  const back = (): void => {
    setDoing(null);
    renew.reset();
    end.reset();
  };
  const ended = (): void => {
    // A role that must have one is led to set it up anew.
    for (const key of ["factor", "session"]) void client.invalidateQueries({ queryKey: [key] });
  };
  return (
    <div className="pform">
      <p>
        <b>{t("mine.factor.on")}</b>{" "}
        <span className="note">{t("mine.factor.since", { at: moment(factor.since ?? "", now), n: factor.codes_left })}</span>
      </p>
      {factor.codes_left < FEW && <p>{t("mine.factor.few")}</p>}
      {doing === null && (
        <div className="factor-acts">
          <Button onClick={() => setDoing("renew")}>{t("mine.factor.renew")}</Button>
          <Button onClick={() => setDoing("off")}>{t("mine.factor.off")}</Button>
        </div>
      )}
      {doing === "renew" && (
        <>
          <p className="note">{t("mine.factor.renew.means")}</p>
          <Ask fields={["code"]} code={t("mine.factor.anyCode")} verb={t("mine.factor.renew")} busy={renew.isPending} error={renew.error} back={back}
            send={(values) => renew.mutate(values, { onSuccess: ({ codes }) => (back(), renewed(codes)) })} />
        </>
      )}
      {doing === "off" && (
        <>
          <p className="note">{t("mine.factor.off.means")}</p>
          <Ask fields={["password", "code"]} code={t("mine.factor.anyCode")} verb={t("mine.factor.off")} primary={false} busy={end.isPending} error={end.error} back={back} send={(values) => end.mutate(values, { onSuccess: ended })} />
        </>
      )}
    </div>
  );
}

/** 动态口令: a second factor for one's own account. `kept`: the recovery codes of a new one are put away. */
export function Factor({ kept }: { kept?: () => void }): ReactNode {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ["factor"], queryFn: () => got(api.GET("/api/v1/session/factor")) });
  const [codes, setCodes] = useState<string[] | null>(null);
  const factor = query.data;
  if (query.error && !factor) return <Failed error={query.error} what={t("mine.factor.title")} again={() => void query.refetch()} />;
  if (!factor) return <Loading what={t("mine.factor.title")} />;
  const close = (): void => {
    setCodes(null);
    void client.invalidateQueries({ queryKey: ["factor"] });
    kept?.();
  };
  return (
    <>
      {!factor.may ? (
        <p>{t("mine.factor.demo")}</p>
      ) : factor.since !== null ? (
        <Standing factor={factor} renewed={setCodes} />
      ) : (
        <div className="pform">
          <p>{t("mine.factor.words")}</p>
          <Begin done={setCodes} />
        </div>
      )}
      {codes && <Once name={t("mine.factor.codes")} title={t("mine.factor.codes.title")} secret={codes.join("\n")} close={close} />}
    </>
  );
}
