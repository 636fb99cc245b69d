import { Button, Checkbox, Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { NoteDialog } from "../duties/NoteDialog";
import { Dialog, Field } from "../people/Dialog";
import { fileOf, paperKinds, usePaperAct, type Paper, type PaperKind, type PaperOwner, type usePapers } from "./queries";
import "../people/people.css";
import "./papers.css";

const ACCEPTED = ".pdf,.jpg,.jpeg,.png,.webp";

function size(bytes: number): string {
  return bytes >= 1_048_576 ? `${(bytes / 1_048_576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;
}

/** A new document, or (`of`) a further version of one. */
function AddDialog({ owner, of, close }: { owner: PaperOwner; of: Paper | null; close: () => void }): ReactNode {
  const act = usePaperAct();
  const [file, setFile] = useState<File | null>(null);
  const [kind, setKind] = useState<PaperKind | null>(null);
  const [title, setTitle] = useState("");
  const [note, setNote] = useState("");
  const [personal, setPersonal] = useState(false);
  const can = file !== null && (of !== null || (kind !== null && title.trim() !== ""));
  const send = (): void => {
    if (file === null) return;
    if (of !== null) act.mutate({ verb: "version", id: of.id, file, note: note.trim() }, { onSuccess: close });
    else if (kind !== null) act.mutate({ verb: "add", of: owner, file, kind, title: title.trim(), note: note.trim(), personal }, { onSuccess: close });
  };
  return (
    <Dialog title={of ? t("paper.version.title", { title: of.title }) : t("paper.add.title")} verb={of ? t("paper.version") : t("paper.add")} busy={act.isPending} error={act.error} send={send} close={close} can={can}>
      {of === null && (
        <>
          <Field label={t("paper.kind")}>
            <Select value={kind} aria-label={t("paper.kind")} placeholder={t("form.pick")} options={paperKinds.map((value) => ({ value, label: t(`paper.kind.${value}`) }))} onChange={setKind} />
          </Field>
          <Field label={t("paper.name")}>
            <Input maxLength={120} value={title} onChange={(event) => setTitle(event.target.value)} />
          </Field>
        </>
      )}
      <Field label={t("paper.file")} note={t("paper.file.note")}>
        <input type="file" accept={ACCEPTED} onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
      </Field>
      <Field label={t("paper.note")}>
        <Input maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      {of === null && (
        <Checkbox checked={personal} onChange={(event) => setPersonal(event.target.checked)}>
          {t("paper.personal")}
        </Checkbox>
      )}
    </Dialog>
  );
}

interface RowProps {
  one: Paper;
  /** Beside documents of other sites: says whose it is. */
  sited?: boolean;
  renew: (() => void) | null;
  withdraw: (() => void) | null;
}

/** One document with its versions, the newest shown. */
export function PaperRow({ one, sited = false, renew, withdraw }: RowProps): ReactNode {
  const now = useNow();
  const [older, setOlder] = useState(false);
  const shown = older ? one.versions : one.versions.slice(0, 1);
  return (
    <li className="paper">
      <p className="paper-head">
        <span className="tag">{t(`paper.kind.${one.kind}`)}</span> <b>{one.title}</b> {sited && one.site && <Link to={`/sites/${one.site.id}?tab=documents`}>{one.site.name}</Link>} {one.personal && <span className="tag">{t("paper.watched")}</span>}
        <span className="paper-acts">
          {renew && <Button size="small" onClick={renew}>{t("paper.version")}</Button>}
          {withdraw && <Button size="small" onClick={withdraw}>{t("paper.withdraw")}</Button>}
        </span>
      </p>
      <ul>
        {shown.map((version) => (
          <li key={version.number} className="paper-version">
            <a href={fileOf(one.id, version.number)} download>
              {t("paper.download", { n: version.number })}
            </a>
            <span className="second">
              {version.format.toUpperCase()} {size(version.size)} · {version.by} {moment(version.at, now)} {version.note !== "" && `· ${version.note}`}
            </span>
            <span className="note" title={version.sha256}>
              SHA-256 {version.sha256.slice(0, 12)}…
            </span>
          </li>
        ))}
      </ul>
      {one.versions.length > 1 && (
        <button type="button" className="paper-older" onClick={() => setOlder(!older)}>
          {older ? t("paper.fewer") : t("paper.older", { n: one.versions.length - 1 })}
        </button>
      )}
    </li>
  );
}

interface PapersProps {
  of: PaperOwner;
  papers: ReturnType<typeof usePapers>;
  title: string;
  /** What to put there first, while there is nothing. */
  first: string;
  extra?: ReactNode;
}

/** 资料 of a site or of an enterprise: each with its versions, saved as they came. */
export function DossierPapers({ of, papers, title, first, extra }: PapersProps): ReactNode {
  const may = useMe().permissions;
  const act = usePaperAct();
  const [adding, setAdding] = useState<Paper | "new" | null>(null);
  const [leaving, setLeaving] = useState<Paper | null>(null);
  const rows = papers.data?.items ?? [];
  const mayAdd = may.includes("document.add");
  const close = (): void => {
    setLeaving(null);
    act.reset();
  };
  return (
    <Panel
      title={title}
      note={t("paper.rule")}
      action={
        <span className="paper-acts">
          {extra}
          {mayAdd && <Button size="small" onClick={() => setAdding("new")}>{t("paper.add")}</Button>}
        </span>
      }
    >
      {papers.error && !papers.data ? (
        <Failed error={papers.error} what={title} again={() => void papers.refetch()} />
      ) : !papers.data ? (
        <Loading what={title} />
      ) : rows.length === 0 ? (
        <p className="note">{mayAdd ? first : t("paper.none")}</p>
      ) : (
        <ul className="papers">
          {rows.map((one) => (
            <PaperRow key={one.id} one={one} renew={mayAdd ? () => setAdding(one) : null} withdraw={may.includes("document.withdraw") ? () => setLeaving(one) : null} />
          ))}
        </ul>
      )}
      {adding !== null && <AddDialog owner={of} of={adding === "new" ? null : adding} close={() => setAdding(null)} />}
      {leaving !== null && <NoteDialog title={t("paper.withdraw.title", { title: leaving.title })} verb={t("paper.withdraw")} busy={act.isPending} error={act.error} send={(reason) => act.mutate({ verb: "withdraw", id: leaving.id, reason }, { onSuccess: close })} close={close} />}
    </Panel>
  );
}
