import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";
import { Panel } from "../../kit/Panel";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading, NotSaved, Stale } from "../../kit/States";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, moment, spanWords } from "../../time/words";
import { Room } from "./Room";

type S = components["schemas"];
type Found = S["Backups"];
type Job = NonNullable<Found["job"]>;
type Taken = S["BackupTaken"] & { id: number };

const KEY = ["admin", "backups"];
const isOpen = (job: Job | null | undefined): boolean => job?.state === "asked" || job?.state === "running";
const megabytes = (bytes: number): string => `${figure(bytes / 1024 ** 2, 1)}\u00a0MB`;

function useBackups() {
  return useQuery({ queryKey: KEY, queryFn: () => got(api.GET("/api/v1/backups")), refetchInterval: (query) => (isOpen(query.state.data?.job) ? 1_000 : 15_000) });
}

function columns(now: number): Column<Taken>[] {
  return [
    { key: "at", title: t("backup.at"), cell: (row) => moment(row.taken_at, now) },
    { key: "file", title: t("backup.file"), grow: 30, cell: (row) => <code>{row.file}</code> },
    { key: "bytes", title: t("backup.bytes"), right: true, cell: (row) => megabytes(row.bytes) },
    { key: "size", title: t("backup.size"), right: true, cell: (row) => figure(row.size) },
    { key: "by", title: t("backup.by"), from: "desk", cell: (row) => row.by },
    { key: "sha", title: "SHA-256", from: "wide", cell: (row) => <code>{`${row.sha256.slice(0, 8)}\u2026${row.sha256.slice(-4)}`}</code> },
  ];
}

/** How far the one asked for here is, or what came of it. */
function Progress({ job, expected }: { job: Job; expected: number }): ReactNode {
  const now = useNow();
  if (job.state === "failed") {
    return (
      <div className="notsaved" role="alert">
        <b>{t("backup.failed")}</b>
        {job.problem}
      </div>
    );
  }
  if (job.state === "done") return <p role="status">{t("backup.done", { path: job.path, bytes: megabytes(job.bytes), size: figure(job.size), epoch: job.epoch, at: moment(job.ended_at ?? job.asked_at, now) })}</p>;
  const words = job.state === "asked" ? t("backup.asked") : t("backup.running", { written: megabytes(job.written), length: spanWords(Math.max(0, now - Date.parse(job.asked_at))) });
  return (
    <div role="status">
      <p>{words}</p>
      <progress className="backup-progress" aria-label={words} max={Math.max(expected, job.written, 1)} {...(expected > 0 && job.written > 0 ? { value: job.written } : {})} />
      <p className="note">{t("backup.leave")}</p>
    </div>
  );
}

/** 备份: those there are, and one button. The worker takes it; where it goes, the server's settings say. */
export default function Backups(): ReactNode {
  const asked = useBackups();
  const client = useQueryClient();
  const now = useNow();
  const begin = useMutation({ mutationFn: () => got(api.POST("/api/v1/backups")), onSettled: () => void client.invalidateQueries({ queryKey: KEY }) });
  const found = asked.data;
  if (!found) {
    return (
      <Room sentence={t("admin.tab.backups")}>
        <div className="panel">{asked.error ? <Failed error={asked.error} what={t("admin.tab.backups")} again={() => void asked.refetch()} /> : <Loading what={t("admin.tab.backups")} />}</div>
      </Room>
    );
  }
  const rows = found.items.map((row) => ({ ...row, id: row.entry }));
  const last = rows[0];
  return (
    <Room sentence={last ? t("backup.sentence", { ago: ago(last.taken_at, now) }) : t("backup.sentence.never")}>
      <Stale error={asked.error} since={asked.dataUpdatedAt} again={() => void asked.refetch()} />
      <Panel
        title={t("backup.now")}
        note={found.folder === "" ? undefined : t("backup.folder", { folder: found.folder, free: found.free === null ? "\u2014" : `${figure(found.free / 1024 ** 3, 1)}\u00a0GB` })}
        action={
          <Button type="primary" disabled={found.obstacle !== "" || isOpen(found.job)} loading={begin.isPending} onClick={() => begin.mutate()}>
            {t("backup.go")}
          </Button>
        }
      >
        {found.obstacle !== "" && <p className="twaits">{found.obstacle}</p>}
        {found.job && <Progress job={found.job} expected={found.expected} />}
        <NotSaved error={begin.error} />
        <p className="note">{t("backup.key")}</p>
      </Panel>
      {rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("backup.sentence.never")}>{t("backup.empty")}</Empty>
        </div>
      ) : (
        <ResourceTable label={t("admin.tab.backups")} columns={columns(now)} rows={rows} count={rows.length} id={(row) => row.id} card={(row) => `${moment(row.taken_at, now)} \u00b7 ${row.file} \u00b7 ${megabytes(row.bytes)}`} />
      )}
    </Room>
  );
}
