import { Button, Modal } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { t } from "i18next";
import { FileSpreadsheet } from "lucide-react";
import { useEffect, useState, type DragEvent, type ReactNode } from "react";
import { Failed, Loading, NotSaved, Stale } from "../States";
import { ImportRows } from "./ImportRows";
import { isRunning, useDownload, useImport, useImportAct, type Import, type Table } from "./queries";

/** A file from choosing it to seeing it imported. Closing leaves it where it is: the button opens it again. */
export function ImportDialog({ table, open, close }: { table: Table; open: Import | null; close: () => void }): ReactNode {
  const [id, setId] = useState<number | null>(open?.id ?? null);
  const found = useImport(id);
  const job = found.data ?? null;
  const act = useImportAct(table.name);
  const client = useQueryClient();
  const state = job?.state;
  useEffect(() => {
    // What came in stands in every list: ask them all anew.
    if (state === "done" || state === "following") void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "imports" && query.queryKey[0] !== "tables" });
  }, [client, state]);
  const send = (file: File): void => act.mutate({ verb: "send", file }, { onSuccess: (made) => setId(made.id) });
  // A file that was refused counts as open until its sender has seen why.
  const seen = (): void => {
    if (job?.state === "refused") act.mutate({ verb: "see", job });
  };
  const leave = (): void => {
    seen();
    close();
  };
  const another = (): void => {
    act.reset();
    seen();
    setId(null);
  };
  const given = job === null || state === "discarded";
  const can = state === "checked" && job !== null && job.wrong === 0 && job.new + job.changed > 0;
  return (
    <Modal
      open
      width={860}
      title={t("import.title", { table: table.title })}
      onCancel={leave}
      destroyOnHidden
      footer={
        <Buttons
          job={given ? null : job}
          can={can}
          busy={act.isPending}
          confirm={() => job && act.mutate({ verb: "confirm", job })}
          discard={() => job && act.mutate({ verb: "discard", job }, { onSuccess: another })}
          another={another}
          close={leave}
          table={table.name}
        />
      }
    >
      <div className="import">
        {id !== null && job === null && found.error ? (
          <>
            <Failed error={found.error} what={t("import.what")} again={() => void found.refetch()} />
            <Button onClick={another}>{t("import.another")}</Button>
          </>
        ) : id !== null && job === null ? <Loading what={t("import.what")} /> : given ? <Choose table={table} send={send} busy={act.isPending} /> : <Found job={job} />}
        {job !== null && <Stale error={found.error} since={found.dataUpdatedAt} again={() => void found.refetch()} />}
        <NotSaved error={act.error} />
      </div>
    </Modal>
  );
}

function Choose({ table, send, busy }: { table: Table; send: (file: File) => void; busy: boolean }): ReactNode {
  const download = useDownload(table.name);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file && !busy) send(file);
  };
  const required = table.columns.filter((column) => column.imported && column.required).map((column) => column.title);
  return (
    <>
      <ol className="import-steps">
        <li>
          {t("import.step.template", { columns: required.join("\u3001") })}{" "}
          <Button size="small" loading={download.isPending} onClick={() => download.mutate({ kind: "template" })}>
            {t("import.template")}
          </Button>
        </li>
        <li>{t("import.step.file")}</li>
        <li>{t("import.step.look")}</li>
      </ol>
      <label
        className={`import-drop${over ? " import-over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <FileSpreadsheet size={28} strokeWidth={1.4} aria-hidden />
        <span>{busy ? t("import.sending") : t("import.choose")}</span>
        <input
          type="file"
          accept=".xlsx,.csv"
          disabled={busy}
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) send(file);
          }}
        />
      </label>
      <p className="note">{t("import.limits")}</p>
      <NotSaved error={download.error} />
    </>
  );
}

/** One sentence for where the file is. */
function sentence(job: Import): string {
  switch (job.state) {
    case "uploaded":
      return t("import.uploaded");
    case "reading":
      return job.total > 0 ? t("import.reading", { done: job.done, total: job.total }) : t("import.opening");
    case "confirmed":
      return t("import.writing", { total: job.total });
    case "following":
    case "done":
      return t("import.done", { n: job.new, changed: job.changed, unchanged: job.unchanged });
    case "refused":
      return t("import.refused");
    default:
      if (job.wrong > 0) return t("import.wrong", { wrong: job.wrong, total: job.total });
      return job.new + job.changed > 0 ? t("import.right", { n: job.new, changed: job.changed, unchanged: job.unchanged }) : t("import.same", { total: job.total });
  }
}

function Found({ job }: { job: Import }): ReactNode {
  const running = isRunning(job) && job.state !== "following";
  return (
    <>
      <p className="import-file">
        {job.file} <span className="note">{t("import.size", { n: Math.max(1, Math.round(job.size / 1024)) })}</span>
      </p>
      <h2 aria-live="polite">{sentence(job)}</h2>
      {running && (
        <>
          <progress aria-label={sentence(job)} max={Math.max(job.total, 1)} {...(job.state === "reading" && job.total > 0 ? { value: job.done } : {})} />
          <p className="note">{t("import.leave")}</p>
        </>
      )}
      {job.message !== "" && <p className="import-box">{job.message}</p>}
      {job.notes.length > 0 && (
        <ul className="import-notes">
          {job.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {job.state === "following" && <p className="note">{t("import.following")}</p>}
      {(job.state === "done" || job.state === "following") && <p className="note">{t("import.sealed", { sha: `${job.sha256.slice(0, 4)}\u2026${job.sha256.slice(-4)}` })}</p>}
      {job.state === "checked" && <ImportRows job={job} />}
    </>
  );
}

interface ButtonProps {
  job: Import | null;
  table: string;
  can: boolean;
  busy: boolean;
  confirm: () => void;
  discard: () => void;
  another: () => void;
  close: () => void;
}

function Buttons({ job, table, can, busy, confirm, discard, another, close }: ButtonProps): ReactNode {
  const download = useDownload(table);
  const state = job?.state;
  if (state === "refused" || state === "done" || state === "following") {
    return (
      <>
        <Button onClick={another}>{t("import.another")}</Button>
        <Button type="primary" onClick={close}>
          {t("import.close")}
        </Button>
      </>
    );
  }
  if (job !== null && state === "checked") {
    return (
      <>
        <Button loading={busy} onClick={discard}>
          {t("import.discard")}
        </Button>
        {job.wrong > 0 && (
          <Button loading={download.isPending} onClick={() => download.mutate({ kind: "errors", id: job.id })}>
            {t("import.errors")}
          </Button>
        )}
        <Button type="primary" disabled={!can} loading={busy} onClick={confirm}>
          {can ? t("import.confirm", { n: job.new + job.changed }) : t("exchange.in")}
        </Button>
      </>
    );
  }
  return <Button onClick={close}>{job === null ? t("act.back") : t("import.close")}</Button>;
}
