import { Button, Input, Switch } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { onceEach } from "../../api/pages";
import type { Channel, Contact, Me } from "../../api/types";
import { Clauses } from "../../kit/Clauses";
import { More } from "../../kit/More";
import { Panel } from "../../kit/Panel";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { useNow } from "../../time/server";
import { ago, clockTime } from "../../time/words";
import { ChannelDialog, ContactDialog, TokenDialog } from "./ChannelForms";
import { useChannelChange, useChannelKinds, useChannels, useContactTest, useContacts } from "./channelQueries";
import "./channels.css";

/** The worst first: what does not work, then what was never tried. */
function sentence(rows: readonly Channel[]): string {
  const failing = rows.filter((row) => row.state === "failing");
  const waiting = rows.reduce((sum, row) => sum + row.queue, 0);
  if (failing.length > 0) return t("channels.sentence.failing", { n: failing.length, title: failing[0]?.title });
  if (waiting > 0) return t("channels.sentence.waiting", { n: waiting });
  const untried = rows.filter((row) => row.state === "untried").length;
  return untried > 0 ? t("channels.sentence.untried", { n: untried }) : t("channels.sentence", { n: rows.length });
}

function State({ row }: { row: Channel }): ReactNode {
  return <span className={`chstate chstate-${row.state}`}>{t(`channels.state.${row.state}`)}</span>;
}

function columns(now: number): Column<Channel>[] {
  return [
    { key: "title", title: t("channels.title"), cell: (row) => <span className="pname"><b>{row.title}</b> <span className="second">{row.kind_title}</span></span> },
    { key: "state", title: t("channels.state"), cell: (row) => <State row={row} /> },
    { key: "ok", title: t("channels.ok"), cell: (row) => (row.last_ok_at ? `${ago(row.last_ok_at, now)} \u00b7 ${clockTime(row.last_ok_at)}` : t("channels.never")) },
    { key: "failures", title: t("channels.failures"), right: true, cell: (row) => row.failures },
    { key: "queue", title: t("channels.queue"), right: true, cell: (row) => row.queue },
    { key: "people", title: t("channels.people"), right: true, from: "desk", cell: (row) => row.people },
    { key: "rate", title: t("channels.rate"), right: true, from: "wide", cell: (row) => (row.per_minute > 0 ? t("channels.perMinute", { n: row.per_minute }) : t("channels.unlimited")) },
    { key: "problem", title: t("channels.problem"), grow: 24, from: "wide", cell: (row) => <span className="second" title={row.last_problem}>{row.last_problem}</span> },
  ];
}

function card(row: Channel): ReactNode {
  return (
    <span className="chcard">
      <b>{row.title}</b> <State row={row} />
      <i>{[row.kind_title, t("channels.card", { failures: row.failures, queue: row.queue }), row.last_problem].filter(Boolean).join(" \u00b7 ")}</i>
    </span>
  );
}

function Chosen({ row, mayManage }: { row: Channel; mayManage: boolean }): ReactNode {
  const change = useChannelChange();
  const [open, setOpen] = useState<"edit" | "contact" | "token" | null>(null);
  const labels = new Map(useChannelKinds().data?.find((one) => one.kind === row.kind)?.settings.map((one) => [one.name, one.label]));
  return (
    <Panel
      title={row.title}
      note={row.kind_title}
      action={<Switch checked={row.enabled} disabled={!mayManage || change.isPending} aria-label={t("channels.enabled")} onChange={(enabled) => change.mutate({ id: row.id, body: { enabled } })} />}
    >
      {row.switching_off && (
        <p className="chproblem" role="status">
          {t("channels.switchingOff")}
        </p>
      )}
      {row.changing && (
        <p className="chproblem" role="status">
          {t("channels.changing")}
        </p>
      )}
      {row.last_problem !== "" && <p className="chproblem">{row.last_problem}</p>}
      <dl className="chfacts">
        {Object.entries(row.settings).map(([name, value]) => (
          <div key={name}>
            <dt>{labels.get(name) ?? name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {row.secrets.map((name) => (
          <div key={name}>
            <dt>{labels.get(name) ?? name}</dt>
            <dd>{t("channels.secretSet")}</dd>
          </div>
        ))}
        {row.callbacks && (
          <div>
            <dt>{t("channels.callback")}</dt>
            <dd>{row.callback_set ? t("channels.callback.set", { refused: row.callback_refused }) : t("channels.callback.none")}</dd>
          </div>
        )}
        {row.unclear > 0 && (
          <div>
            <dt>{t("channels.unclear")}</dt>
            <dd>{t("channels.unclear.words", { n: row.unclear })}</dd>
          </div>
        )}
      </dl>
      <NotSaved error={change.error} />
      {mayManage && (
        <div className="chacts">
          <Button onClick={() => setOpen("edit")}>{t("channels.edit")}</Button>
          <Button onClick={() => setOpen("contact")}>{t("channels.addContact")}</Button>
          {row.callbacks && <Button onClick={() => setOpen("token")}>{t("channels.newToken")}</Button>}
        </div>
      )}
      {open === "edit" && <ChannelDialog channel={row} close={() => setOpen(null)} />}
      {open === "contact" && <ContactDialog channel={row} close={() => setOpen(null)} />}
      {open === "token" && <TokenDialog channel={row} close={() => setOpen(null)} />}
    </Panel>
  );
}

function trialWords(row: Contact, now: number): string {
  if (!row.trial) return t("channels.trial.none");
  const at = row.trial.answered_at ?? row.trial.called_at;
  return `${t(`channels.trial.${row.trial.state}`)} ${ago(at, now)}`;
}

/** Who is reached by it, and whether they answered the last test call: a button tries one now. */
function People({ channel, mayManage }: { channel: Channel | null; mayManage: boolean }): ReactNode {
  const [silent, setSilent] = useState(false);
  const [q, setQ] = useState("");
  const filter = { ...(channel ? { channel: channel.id } : {}), ...(silent ? { state: "silent" } : {}), ...(q.trim() ? { q: q.trim() } : {}) };
  const list = useContacts(filter);
  const test = useContactTest();
  const now = useNow();
  const rows = onceEach(list.data?.pages);
  return (
    <Panel
      flush
      title={t("channels.contacts")}
      note={list.data && t("channels.contacts.count", { n: list.data.pages[0]?.count ?? 0 })}
      action={
        <>
          <Exchange table="contacts" filter={filter} brief />
          <label className="chsilent">
            <Switch size="small" checked={silent} onChange={setSilent} /> {t("channels.silent")}
          </label>
        </>
      }
    >
      <div className="chfind">
        <Input allowClear placeholder={t("channels.contacts.find")} aria-label={t("channels.contacts.find")} value={q} onChange={(event) => setQ(event.target.value)} />
      </div>
      {list.error && !list.data ? (
        <Failed error={list.error} what={t("channels.contacts")} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading what={t("channels.contacts")} />
      ) : rows.length === 0 ? (
        q.trim() ? <Empty title={t("people.pick.none")} /> : <Empty title={silent ? t("channels.silent.none") : t("channels.contacts.none")}>{silent ? "" : t("channels.contacts.none.words")}</Empty>
      ) : (
        <ul className="chpeople">
          {rows.map((row) => (
            <li key={row.id} className={row.enabled ? undefined : "row-grey"}>
              <span>
                <b>{row.person.name}</b> <i>{row.organisation}</i>
              </span>
              <span className="second">{`${row.channel?.title ?? row.title} ${row.address}`}</span>
              <span className={row.trial?.state === "missed" ? "chmissed" : "second"}>{trialWords(row, now)}</span>
              <Button size="small" disabled={!mayManage || !row.enabled} title={mayManage ? undefined : t("channels.onlyAdmins")} loading={test.isPending && test.variables === row.id} onClick={() => test.mutate(row.id)}>
                {t("channels.test")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <More list={list} />
      <NotSaved error={test.error} />
    </Panel>
  );
}

export default function Channels({ me }: { me: Me }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const list = useChannels();
  const now = useNow();
  const [adding, setAdding] = useState(false);
  const mayManage = me.permissions.includes("channel.manage");
  useCrumb(t("nav.channels"), "/channels");
  const rows = list.data ?? [];
  const chosen = rows.find((row) => row.id === Number(search.get("channel"))) ?? null;
  if (list.error && !list.data) return <div className="page"><div className="panel"><Failed error={list.error} what={t("nav.channels")} again={() => void list.refetch()} /></div></div>;
  return (
    <div className="page">
      <div className="points-head">
        <h1>{list.data && <Clauses text={rows.length === 0 ? t("channels.sentence.none") : sentence(rows)} />}</h1>
        {mayManage && (
          <Button type="primary" className="chadd" onClick={() => setAdding(true)}>
            {t("channels.add")}
          </Button>
        )}
      </div>
      {!list.data ? (
        <div className="panel"><Loading what={t("nav.channels")} /></div>
      ) : rows.length === 0 ? (
        <div className="panel"><Empty title={t("channels.empty")}>{mayManage ? t("channels.empty.words") : t("channels.onlyAdmins")}</Empty></div>
      ) : (
        <ResourceTable label={t("nav.channels")} columns={columns(now)} rows={rows} count={rows.length} id={(row) => row.id} to={(row) => `/channels?channel=${row.id}`} grey={(row) => !row.enabled} card={card} />
      )}
      <div className="chbelow">
        {chosen && <Chosen key={chosen.id} row={chosen} mayManage={mayManage} />}
        <People channel={chosen} mayManage={mayManage} />
      </div>
      {adding && <ChannelDialog close={() => setAdding(false)} made={(id) => setSearch({ channel: String(id) })} />}
    </div>
  );
}
