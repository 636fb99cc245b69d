import { Button, Input, Radio, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { onceEach } from "../../api/pages";
import { useSession } from "../../api/queries";
import { More } from "../../kit/More";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { Exchange } from "../../kit/import/Exchange";
import { useNow } from "../../time/server";
import { ago, date } from "../../time/words";
import { Dialog, Field } from "../people/Dialog";
import { Once } from "./Once";
import { useApiTokens, useChange, type ApiToken, type NewToken } from "./queries";
import { reach, standing } from "./tokens";

const DAYS = [30, 90, 365];

function New({ close, made }: { close: () => void; made: (token: NewToken) => void }): ReactNode {
  const mine = useSession().data?.permissions ?? [];
  const [name, setName] = useState("");
  const [scope, setScope] = useState<"read" | "all">("read");
  const [days, setDays] = useState(365);
  const make = useChange(() => got(api.POST("/api/v1/tokens", { body: { name: name.trim(), days, permissions: scope === "all" ? [] : mine.filter((one) => one.endsWith(".read")) } })));
  return (
    <Dialog title={t("admin.token.new")} verb={t("admin.token.make")} busy={make.isPending} error={make.error} can={name.trim() !== ""} send={() => make.mutate(undefined, { onSuccess: made })} close={close}>
      <Field label={t("admin.token.name")} note={t("admin.token.name.note")}>
        <Input value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
      </Field>
      <div className="pfield">
        <span id="token-scope">{t("admin.token.scope")}</span>
        <Radio.Group aria-labelledby="token-scope" value={scope} onChange={(event) => setScope(event.target.value as "read" | "all")} options={(["read", "all"] as const).map((value) => ({ value, label: t(`admin.reach.${value}`) }))} />
        <i>{t("admin.token.scope.note")}</i>
      </div>
      <Field label={t("admin.token.days")}>
        <Select value={days} aria-label={t("admin.token.days")} options={DAYS.map((n) => ({ value: n, label: t("admin.token.days.n", { n }) }))} onChange={setDays} />
      </Field>
    </Dialog>
  );
}

function Line({ token }: { token: ApiToken }): ReactNode {
  const now = useNow();
  const [sure, setSure] = useState(false);
  const revoke = useChange(() => got(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id: token.id } } })));
  const state = standing(token, now);
  const words = [
    t("admin.token.of", { owner: token.owner }),
    t("admin.token.made", { at: date(token.created_at) }),
    token.last_used_at === null ? t("admin.token.unused") : t("admin.token.used", { ago: ago(token.last_used_at, now) }),
    state === "revoked" ? t("admin.token.revoked", { at: date(token.revoked_at ?? "") }) : state === "ended" ? t("admin.token.ended", { at: date(token.expires_at) }) : t("admin.token.until", { at: date(token.expires_at) }),
  ];
  return (
    <li className={state === "live" ? "tline" : "tline off"}>
      <span>
        <b>{token.name}</b>{" "}
        <em className="tag" title={token.permissions.join(", ")}>
          {t(`admin.reach.${reach(token.permissions)}`, { n: token.permissions.length })}
        </em>
        <span className="tnote">{words.join(" \u00b7 ")}</span>
      </span>
      {state === "live" && (
        <span className="tacts">
          {sure && (
            <Button size="small" type="text" onClick={() => setSure(false)}>
              {t("act.back")}
            </Button>
          )}
          <Button size="small" loading={revoke.isPending} onClick={() => (sure ? revoke.mutate(undefined) : setSure(true))}>
            {sure ? t("admin.token.revoke.sure") : t("admin.token.revoke")}
          </Button>
        </span>
      )}
      <NotSaved error={revoke.error} />
    </li>
  );
}

/** Tokens by which a program acts as a person. */
export function ApiTokens(): ReactNode {
  const list = useApiTokens();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<NewToken | null>(null);
  const rows = onceEach(list.data?.pages);
  const made = (token: NewToken): void => {
    setMaking(false);
    setShown(token);
  };
  return (
    <Panel
      flush
      title={t("admin.api")}
      note={t("admin.api.note")}
      action={
        <>
          <Exchange table="tokens" brief />
          <Button size="small" onClick={() => setMaking(true)}>
            {t("admin.token.new")}
          </Button>
        </>
      }
    >
      {list.error && !list.data ? (
        <Failed error={list.error} what={t("admin.api")} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading what={t("admin.api")} />
      ) : rows.length === 0 ? (
        <Empty title={t("admin.api.none")}>{t("admin.api.none.words")}</Empty>
      ) : (
        <ul className="tlist">
          {rows.map((token) => (
            <Line key={token.id} token={token} />
          ))}
        </ul>
      )}
      <More list={list} />
      {making && <New close={() => setMaking(false)} made={made} />}
      {shown && <Once name={shown.name} secret={shown.token} close={() => setShown(null)} />}
    </Panel>
  );
}
