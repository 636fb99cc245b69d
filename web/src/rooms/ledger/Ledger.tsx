import { Button, Input } from "antd";
import { t } from "i18next";
import { Download, Search as Glass, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { askProof, useLedger, useLedgerHead } from "../../api/queries";
import type { LedgerEntry, LedgerHead } from "../../api/types";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { shortHash } from "../../kit/Seal";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, moment } from "../../time/words";
import { Check, Trust } from "./Check";
import { Days, useFilters } from "./Days";
import "./ledger.css";

function At({ at }: { at: string }): ReactNode {
  return moment(at, useNow());
}

/** The proof as the server gave it, kept as a file that the independent verifier reads. */
async function saveProof(entry: LedgerEntry): Promise<void> {
  const proof = await askProof(entry.id);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(proof, null, 2)], { type: "application/json" }));
  link.download = `proof-${entry.index ?? entry.id}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Proof({ entry, failed }: { entry: LedgerEntry; failed: (error: unknown) => void }): ReactNode {
  const [busy, setBusy] = useState(false);
  if (!entry.sealed) return <span className="second">{t("ledger.unsealed")}</span>;
  const save = (): void => {
    setBusy(true);
    failed(null);
    saveProof(entry)
      .catch(failed)
      .finally(() => setBusy(false));
  };
  return (
    <Button size="small" type="text" icon={<Download size={15} strokeWidth={1.6} aria-hidden />} loading={busy} onClick={save}>
      {t("ledger.proof")}
    </Button>
  );
}

function Subject({ entry }: { entry: LedgerEntry }): ReactNode {
  const { label, url } = entry.subject;
  return url === "" ? <span className="second">{label}</span> : <Link to={url}>{label}</Link>;
}

/** The sentence without what the columns beside it say: who, and where that column shows what it was about. */
function Deed({ entry }: { entry: LedgerEntry }): ReactNode {
  const { text, actor } = entry;
  const { label } = entry.subject;
  const did = text.startsWith(`${actor} `) ? text.slice(actor.length + 1) : text;
  const short = label !== "" && did.endsWith(label) ? did.slice(0, -label.length).replace(/[\s:\uFF1A]+$/, "") : did;
  return (
    <span title={text}>
      {short}
      {short !== did && <span className="ledger-of">{did.slice(short.length)}</span>}
    </span>
  );
}

function columns(failed: (error: unknown) => void): Column<LedgerEntry>[] {
  return [
    { key: "index", title: t("ledger.index"), cell: (e) => (e.index === null ? "\u2014" : figure(e.index)) },
    { key: "at", title: t("ledger.at"), cell: (e) => <At at={e.at} /> },
    { key: "actor", title: t("ledger.actor"), cell: (e) => e.actor },
    { key: "text", grow: 58, title: t("ledger.text"), cell: (e) => <Deed entry={e} /> },
    { key: "subject", grow: 30, title: t("ledger.subject"), from: "wide", cell: (e) => <Subject entry={e} /> },
    { key: "hash", title: t("ledger.hash"), from: "wide", cell: (e) => <code>{e.leaf_hash ? shortHash(e.leaf_hash) : ""}</code> },
    { key: "proof", title: t("ledger.proof"), right: true, cell: (e) => <Proof entry={e} failed={failed} /> },
  ];
}

/** The newest signed head as a file: whoever keeps it elsewhere can later prove that nothing before it was changed. */
function saveHead(head: LedgerHead): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([head.note ?? ""], { type: "text/plain" }));
  link.download = `head-${head.epoch}-${head.size}.note`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Whole({ check }: { check: LedgerHead["check"] }): ReactNode {
  const now = useNow();
  if (check === null) return t("ledger.whole.never");
  const at = moment(check.at, now);
  if (check.findings === 0) return t("ledger.whole.yes", { at, size: figure(check.size) });
  return <b className="ledger-odd">{t("ledger.whole.no", { at, count: check.findings })}</b>;
}

function Holders({ head }: { head: LedgerHead }): ReactNode {
  const now = useNow();
  if (head.witnesses.length === 0) return t("ledger.holders.none");
  return head.witnesses.map((w) => (
    <span key={w.name} className="ledger-holder">
      {w.size === null || w.at === null ? t("ledger.holder.none", { name: w.name }) : t("ledger.holder", { name: w.name, size: figure(w.size), at: moment(w.at, now) })}
      {w.failing && <b className="ledger-odd">{t("ledger.holder.failing")}</b>}
    </span>
  ));
}

/** The last backup: of when, which file, how long ago; an honest word where there never was one. */
function Backup({ backup }: { backup: LedgerHead["backup"] }): ReactNode {
  const now = useNow();
  if (backup === null) return <b className="ledger-odd">{t("ledger.backup.never")}</b>;
  return t("ledger.backup.words", { at: moment(backup.at, now), ago: ago(backup.at, now), file: backup.file, size: figure(backup.bytes / 1024 ** 2, 1) });
}

/** Whole? Up to where? Since when? Who else holds the head? Is there a copy to go back to? */
function Head(): ReactNode {
  const head = useLedgerHead().data;
  const me = useMe();
  const now = useNow();
  if (!head) return <h1>{t("nav.ledger")}</h1>;
  const odd = head.check !== null && head.check.findings > 0;
  return (
    <section className="ledger-about" aria-label={t("nav.ledger")}>
      <h1>{odd ? t("ledger.sentence.odd", { count: head.check?.findings }) : t("ledger.sentence", { size: figure(head.size) })}</h1>
      <dl>
        <dt>{t("ledger.whole")}</dt>
        <dd>
          <Whole check={head.check} />
          <Check />
        </dd>
        <dt>{t("ledger.upto")}</dt>
        <dd>
          {head.at ? t("ledger.upto.words", { size: figure(head.size), at: moment(head.at, now) }) : t("ledger.noHead")}
          {head.unsealed > 0 && <span className="second"> {t("ledger.waiting", { count: head.unsealed })}</span>}
        </dd>
        <dt>{t("ledger.since")}</dt>
        <dd>
          {head.since ? moment(head.since, now) : "\u2014"}
          {head.restores.map((r) => (
            <span key={r.epoch} className="ledger-holder">
              {t("ledger.restore", { at: moment(r.at, now), size: figure(r.size), reason: r.reason })}
            </span>
          ))}
        </dd>
        <dt>{t("ledger.holders")}</dt>
        <dd>
          <Holders head={head} />
        </dd>
        {me.whole && (
          <>
            <dt>{t("ledger.backup")}</dt>
            <dd>
              <Backup backup={head.backup} />
            </dd>
          </>
        )}
        <dt>{t("ledger.root")}</dt>
        <dd>
          <code className="ledger-root">{head.root}</code>
          {head.note !== null && (
            <Button size="small" type="text" icon={<Download size={15} strokeWidth={1.6} aria-hidden />} onClick={() => saveHead(head)}>
              {t("ledger.head.save")}
            </Button>
          )}
        </dd>
      </dl>
      <Trust />
    </section>
  );
}

export function Ledger(): ReactNode {
  const [search] = useSearchParams();
  const [error, setError] = useState<unknown>(null);
  const subject = search.get("subject") ?? "";
  const { set, filter } = useFilters(["q", "subject", "since", "until"]);
  const mayLooks = useMe().permissions.includes("access_log.read");
  const list = useLedger(filter);
  useCrumb(t("nav.ledger"), "/ledger");
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const count = list.data?.pages[0]?.count ?? 0;
  return (
    <div className="page">
      <div className="points-head ledger-head">
        <Head />
      </div>
      <div className="points-head">
        <Days set={set} />
        {subject !== "" && (
          <button type="button" className="chip" onClick={() => set("subject", "")}>
            {t("ledger.only", { subject: rows[0]?.subject.label || subject })} <X size={14} strokeWidth={1.6} aria-hidden />
          </button>
        )}
        <Input allowClear prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />} placeholder={t("ledger.find")} aria-label={t("ledger.find")} defaultValue={search.get("q") ?? ""} onChange={(event) => set("q", event.target.value)} />
        {mayLooks && <Link to="/ledger/looks">{t("looks.title")}</Link>}
        <Exchange table="ledger" filter={filter} />
      </div>
      <NotSaved error={error} />
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("nav.ledger")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("nav.ledger")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("ledger.empty")}>{Object.keys(filter).length > 0 ? t("warnings.empty.widen") : t("ledger.empty.words")}</Empty>
        </div>
      ) : (
        <ResourceTable label={t("nav.ledger")} columns={columns(setError)} rows={rows} count={count} id={(e) => e.id} more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }} card={(e) => <LedgerCard entry={e} failed={setError} />} />
      )}
    </div>
  );
}

/** On a phone: the sentence, and below it what the columns would offer, the way to its subject and the proof. */
function LedgerCard({ entry, failed }: { entry: LedgerEntry; failed: (error: unknown) => void }): ReactNode {
  return (
    <span className="wcard lcard">
      <span>
        <b>{entry.text}</b>
        <i>
          <At at={entry.at} /> {entry.actor} {entry.index === null ? "" : figure(entry.index)}
        </i>
        <span className="lcard-acts">
          {entry.subject.label !== "" && <Subject entry={entry} />}
          <Proof entry={entry} failed={failed} />
        </span>
      </span>
    </span>
  );
}
