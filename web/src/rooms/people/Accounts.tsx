import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { useHello } from "../../api/queries";
import { onceEach } from "../../api/pages";
import { More } from "../../kit/More";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { Exchange } from "../../kit/import/Exchange";
import { AccountIdentity, AccountPassword, FactorReset } from "./access";
import { AccountChange } from "./changes";
import { AccountForm } from "./forms";
import { useAccounts, useChange, type Account } from "./queries";
import { Room } from "./Room";

function Line({ account, change, password, reset, identity }: { account: Account; change: () => void; password: (() => void) | undefined; reset: (() => void) | undefined; identity: (() => void) | undefined }): ReactNode {
  const [sure, setSure] = useState(false);
  const turn = useChange(() => got(api.POST(account.is_active ? "/api/v1/users/{id}/deactivate" : "/api/v1/users/{id}/activate", { params: { path: { id: account.id } } })));
  const place = [account.organisation, account.territory, ...account.sectors.map((kind) => t(`site.kind.${kind}`))].filter(Boolean).join(" ");
  return (
    <li className={account.is_active ? "person" : "person off"}>
      <span>
        <b>{account.display}</b> <em className="tag">{t(`role.${account.role}`)}</em> {account.has_factor && <em className="tag">{t("mine.factor.title")}</em>} {account.password_given && <em className="tag">{t("people.account.given")}</em>} {account.identity !== null && <em className="tag">{t("people.account.sso")}</em>}
        <span className="note">
          {account.username} {place}
        </span>
      </span>
      <span className="num">
        <Button size="small" type="text" onClick={change}>
          {t("people.change")}
        </Button>
        {password && (
          <Button size="small" type="text" onClick={password}>
            {t("people.account.newPassword")}
          </Button>
        )}
        {identity && (
          <Button size="small" type="text" onClick={identity}>
            {t("people.account.sso")}
          </Button>
        )}
        {reset && (
          <Button size="small" type="text" onClick={reset}>
            {t("people.account.reset")}
          </Button>
        )}
        <Button size="small" type="text" loading={turn.isPending} onClick={() => (sure || !account.is_active ? turn.mutate(undefined, { onSuccess: () => setSure(false) }) : setSure(true))}>
          {account.is_active ? (sure ? t("people.account.off.sure") : t("people.account.off")) : t("people.account.on")}
        </Button>
      </span>
      <NotSaved error={turn.error} />
    </li>
  );
}

/** 账号: who may sign in, as what, for which place and sectors. */
export default function Accounts(): ReactNode {
  const [q, setQ] = useState("");
  const list = useAccounts(q);
  const me = useMe();
  const sso = useHello().data?.sso ?? null;
  const [adding, setAdding] = useState(false);
  const [identity, setIdentity] = useState<Account | null>(null);
  const [changing, setChanging] = useState<Account | null>(null);
  const [password, setPassword] = useState<Account | null>(null);
  const [reset, setReset] = useState<Account | null>(null);
  // One's own password is changed by the present one, and a demo's is everybody's.
  const others = (account: Account): boolean => account.id !== me.user.id && !account.is_demo;
  const rows = onceEach(list.data?.pages);
  return (
    <Room
      sentence={list.data ? t("people.accounts.sentence", { n: list.data.pages[0]?.count ?? 0 }) : t("people.tab.accounts")}
      tools={
        <>
          <Input allowClear placeholder={t("people.accounts.find")} aria-label={t("people.accounts.find")} value={q} onChange={(event) => setQ(event.target.value)} />
          <Exchange table="users" filter={{ q: q.trim() }} />
          <Button type="primary" onClick={() => setAdding(true)}>
            {t("people.account.title")}
          </Button>
        </>
      }
    >
      <Panel title={t("people.tab.accounts")} note={t("people.accounts.note")} flush>
        {list.error && !list.data ? (
          <Failed error={list.error} what={t("people.tab.accounts")} again={() => void list.refetch()} />
        ) : !list.data ? (
          <Loading what={t("people.tab.accounts")} />
        ) : rows.length === 0 ? (
          <Empty title={t("people.accounts.empty")} />
        ) : (
          <>
            <ul className="otree">
              {rows.map((account) => (
                <Line
                  key={account.id}
                  account={account}
                  change={() => setChanging(account)}
                  password={others(account) ? () => setPassword(account) : undefined}
                  identity={sso !== null && others(account) ? () => setIdentity(account) : undefined}
                  reset={others(account) && account.has_factor ? () => setReset(account) : undefined}
                />
              ))}
            </ul>
            <More list={list} />
          </>
        )}
      </Panel>
      {adding && <AccountForm close={() => setAdding(false)} />}
      {changing && <AccountChange account={changing} close={() => setChanging(null)} />}
      {password && <AccountPassword account={password} close={() => setPassword(null)} />}
      {identity && <AccountIdentity account={identity} close={() => setIdentity(null)} />}
      {reset && <FactorReset account={reset} close={() => setReset(null)} />}
    </Room>
  );
}
