import { Button, Dropdown, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { api, got } from "../../api/client";
import { onceEach } from "../../api/pages";
import { More } from "../../kit/More";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { Exchange } from "../../kit/import/Exchange";
import { date } from "../../time/words";
import { Dialog, Field } from "../people/Dialog";
import { useMay } from "../people/Room";
import { Device } from "./DeviceDialog";
import { Opcua } from "./OpcuaDialog";
import { Once } from "./Once";
import { Senders } from "./Senders";
import { Clock, NewStation } from "./SourceDialogs";
import { SourceForm } from "./SourceForm";
import { deviceWords } from "./senders";
import { useChange, useSenders, useSources, type Sender, type Source } from "./queries";

type Token = Source["tokens"][number];
type Shown = { name: string; secret: string };
/** How readings come in: the sender shows a token, or is a logger, or is called by the county. */
const WAYS = ["new", "station", "device", "opcua"] as const;
type Way = (typeof WAYS)[number];

function New({ source, close, made }: { source: Source; close: () => void; made: (shown: Shown) => void }): ReactNode {
  const [name, setName] = useState("");
  const make = useChange(() => got(api.POST("/api/v1/sources/{id}/tokens", { params: { path: { id: source.id } }, body: { name: name.trim() } })));
  return (
    <Dialog title={t("admin.source.new", { name: source.name })} verb={t("admin.token.make")} busy={make.isPending} error={make.error} can={name.trim() !== ""} send={() => make.mutate(undefined, { onSuccess: (token) => made({ name: token.name, secret: token.token }) })} close={close}>
      <Field label={t("admin.token.name")} note={t("admin.source.name.note")}>
        <Input value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
      </Field>
    </Dialog>
  );
}

/** Ends a token or a device; what would silence watched points waits for a second person, unless a new token takes its place. */
function Revoke({ source, token, close, made, waits }: { source: Source; token: Token; close: () => void; made: (shown: Shown) => void; waits: () => void }): ReactNode {
  const [reason, setReason] = useState("");
  const [replacement, setReplacement] = useState("");
  const last = source.tokens.filter((one) => one.revoked_at === null).length === 1;
  const called = token.device !== null;
  const name = called ? "" : replacement.trim();
  const send = useChange(() => got(api.POST("/api/v1/sources/{id}/tokens/{token}/revoke", { params: { path: { id: source.id, token: token.id } }, body: { reason: reason.trim(), ...(name ? { replacement: name } : {}) } })));
  const done = (): void =>
    send.mutate(undefined, {
      onSuccess: (changed) => {
        if (changed.token) made({ name, secret: changed.token });
        else if (changed.proposal !== null) waits();
        else close();
      },
    });
  return (
    <Dialog title={called ? t("admin.device.revoke", { name: token.name }) : t("admin.source.revoke", { name: token.name })} verb={t("admin.token.revoke")} busy={send.isPending} error={send.error} can={reason.trim() !== ""} send={done} close={close}>
      <p>{called ? t("admin.device.revoke.words") : last ? t("admin.source.revoke.last", { name: source.name }) : t("admin.source.revoke.words", { name: source.name })}</p>
      <Field label={t("admin.source.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {!called && (
        <Field label={t("admin.source.replacement")} note={t("admin.source.replacement.note")}>
          <Input value={replacement} maxLength={80} onChange={(event) => setReplacement(event.target.value)} />
        </Field>
      )}
    </Dialog>
  );
}

function Line({ source, senders, made, waits }: { source: Source; senders: readonly Sender[] | null; made: (shown: Shown) => void; waits: () => void }): ReactNode {
  const [open, setOpen] = useState<Way | "clock" | Token | null>(null);
  const [changed, setChanged] = useState<Token | null>(null);
  const manages = useMay()("source.manage");
  const live = source.tokens.filter((token) => token.revoked_at === null);
  const gone = source.tokens.length - live.length;
  const close = (): void => {
    setOpen(null);
    setChanged(null);
  };
  const shows = (shown: Shown): void => {
    close();
    made(shown);
  };
  const waiting = (): void => {
    close();
    waits();
  };
  return (
    <li className={source.disabled || live.length === 0 ? "tline off" : "tline"}>
      <span>
        <b>{source.name}</b> {source.trusted && <em className="tag">{t("admin.source.trusted")}</em>} {source.disabled && <em className="tag tag-ink">{t("admin.source.disabled")}</em>}
        <span className="tnote">
          {source.site ? <Link to={`/sites/${source.site.id}`}>{source.site.name}</Link> : t("admin.source.noSite")}
          {source.zone !== "" && ` \u00b7 ${t("admin.clock.of", { zone: source.zone })}`}
          {source.seconds && ` \u00b7 ${t("admin.clock.inSeconds")}`}
          {gone > 0 && ` \u00b7 ${t("admin.source.gone", { n: gone })}`}
          {live.length === 0 && ` \u00b7 ${t("admin.source.deaf")}`}
        </span>
      </span>
      {manages && (
        <span className="tacts">
          {source.trusted ? (
            <Button size="small" onClick={() => setOpen("new")}>
              {t("admin.token.new")}
            </Button>
          ) : (
            <>
              <Dropdown trigger={["click"]} menu={{ items: WAYS.map((key) => ({ key, label: t(`admin.way.${key}`) })), onClick: ({ key }) => setOpen(key as Way) }}>
                <Button size="small" aria-label={t("admin.way.of", { name: source.name })}>
                  {t("admin.way")}
                </Button>
              </Dropdown>
              <Button size="small" type="text" aria-label={t("admin.clock.title", { name: source.name })} onClick={() => setOpen("clock")}>
                {t("admin.clock")}
              </Button>
            </>
          )}
        </span>
      )}
      {live.length > 0 && (
        <ul className="tkids">
          {live.map((token) => (
            <li key={token.id}>
              <span>
                {token.name} <span className="tnote">{token.mn && `MN ${token.mn} \u00b7 `}{token.device && `${deviceWords(token.device)} \u00b7 `}{t("admin.token.made", { at: date(token.created_at) })}</span>
              </span>
              {manages && token.device && <Button size="small" type="text" aria-label={t("admin.device.change.title", { name: token.name })} onClick={() => setChanged(token)}>
                {t("admin.device.change")}
              </Button>}
              {manages && <Button size="small" type="text" aria-label={token.device ? t("admin.device.revoke", { name: token.name }) : t("admin.source.revoke", { name: token.name })} onClick={() => setOpen(token)}>
                {t("admin.token.revoke")}
              </Button>}
            </li>
          ))}
        </ul>
      )}
      <Senders source={source} senders={senders} />
      {open === "new" && <New source={source} close={close} made={shows} />}
      {open === "station" && <NewStation source={source} close={close} made={shows} />}
      {open === "device" && <Device source={source} close={close} waits={waiting} />}
      {open === "opcua" && <Opcua source={source} was={null} close={close} waits={waiting} />}
      {changed?.device?.kind === "modbus" && <Device source={source} token={changed} close={close} waits={waiting} />}
      {changed?.device?.kind === "opcua" && <Opcua source={source} token={changed} was={changed.device} close={close} waits={waiting} />}
      {open === "clock" && <Clock source={source} close={close} waits={waiting} />}
      {open !== null && typeof open !== "string" && <Revoke source={source} token={open} close={close} made={shows} waits={waiting} />}
    </li>
  );
}

/** Tokens by which a gateway, an enterprise's system or the county itself sends readings. */
export function SourceTokens(): ReactNode {
  const [q, setQ] = useState("");
  const list = useSources(q.trim());
  const [shown, setShown] = useState<Shown | null>(null);
  const [waits, setWaits] = useState(false);
  const [adding, setAdding] = useState(false);
  const manages = useMay()("source.manage");
  const rows = onceEach(list.data?.pages);
  const senders = useSenders(rows.map((source) => source.id));
  return (
    <Panel flush title={t("admin.sources")} note={t("admin.sources.note")} action={
        <>
          {manages && (
            <Button size="small" onClick={() => setAdding(true)}>
              {t("admin.source.add")}
            </Button>
          )}{" "}
          <Exchange table="sources" filter={{ q: q.trim() }} brief />
        </>
      }
    >
      <div className="tfind">
        <Input allowClear placeholder={t("admin.sources.find")} aria-label={t("admin.sources.find")} value={q} onChange={(event) => setQ(event.target.value)} />
      </div>
      {waits && (
        <p className="twaits" role="status">
          {t("admin.source.waits")} <Link to="/proposals">{t("nav.proposals")}</Link>
        </p>
      )}
      {senders.error && <p className="tfind tnote" role="status">{t("admin.senders.unasked")}</p>}
      {list.error && !list.data ? (
        <Failed error={list.error} what={t("admin.sources")} again={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading what={t("admin.sources")} />
      ) : rows.length === 0 ? (
        <Empty title={t("admin.sources.none")}>{q.trim() || !manages ? "" : t("admin.sources.none.words")}</Empty>
      ) : (
        <ul className="tlist">
          {rows.map((source) => (
            <Line key={source.id} source={source} senders={senders.data?.asked.has(source.id) ? senders.data.items : null} made={setShown} waits={() => setWaits(true)} />
          ))}
        </ul>
      )}
      <More list={list} />
      {adding && <SourceForm close={() => setAdding(false)} made={(token) => { setAdding(false); setShown(token); }} />}
      {shown && <Once name={shown.name} secret={shown.secret} close={() => setShown(null)} />}
    </Panel>
  );
}
