import { Button, Dropdown } from "antd";
import { t } from "i18next";
import { Download, Upload, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import { NotSaved } from "../States";
import { ImportDialog } from "./ImportDialog";
import { isRunning, useDownload, useOpenImport, useTable, type Filter, type Import } from "./queries";
import "./import.css";

/** What the button says of a file that waits for somebody. */
function wordOf(job: Import | null, brief: boolean): string {
  if (job === null) return t("exchange.in");
  if (job.state === "refused") return t("exchange.in.refused");
  if (brief) return t("exchange.in.again");
  return isRunning(job) ? t("exchange.in.running") : job.wrong > 0 ? t("exchange.in.wrong", { n: job.wrong }) : t("exchange.in.waiting");
}

/** 导出 and, by right, 导入 of one list; `filter` is the list's own, so that what is seen is what goes out.
 * `brief`: small buttons without marks, for the head of a panel. */
export function Exchange({ table: name, filter = {}, brief = false }: { table: string; filter?: Filter; brief?: boolean }): ReactNode {
  const table = useTable(name);
  const open = useOpenImport(name, table?.may_import === true);
  const download = useDownload(name);
  const [dialog, setDialog] = useState(false);
  if (table === undefined) return null;
  const job = open.data?.items[0] ?? null;
  const size = brief ? "small" : "middle";
  const mark = (Icon: LucideIcon): ReactNode => (brief ? undefined : <Icon size={15} strokeWidth={1.6} aria-hidden />);
  const formats = [
    { key: "xlsx", label: t("exchange.xlsx") },
    { key: "csv", label: t("exchange.csv") },
    ...(table.whole ? [{ key: "whole", label: t("exchange.whole") }] : []),
  ];
  const word = wordOf(job, brief);
  return (
    <span className="exchange">
      {table.may_import && (
        <Button size={size} icon={mark(Upload)} aria-label={job === null ? t("exchange.in.voice", { table: table.title }) : `${t("exchange.in.voice", { table: table.title })} \u00b7 ${word}`} onClick={() => setDialog(true)}>
          {word}
        </Button>
      )}
      <Dropdown
        trigger={["click"]}
        menu={{ items: formats, onClick: ({ key }) => download.mutate({ kind: "export", format: key === "csv" ? "csv" : "xlsx", whole: key === "whole", filter }) }}
      >
        <Button size={size} icon={mark(Download)} loading={download.isPending} aria-label={t("exchange.out.voice", { table: table.title })}>
          {t("exchange.out")}
        </Button>
      </Dropdown>
      <NotSaved error={download.error} />
      {dialog && <ImportDialog table={table} open={job} close={() => setDialog(false)} />}
    </span>
  );
}
