import { t } from "i18next";
import type { ReactNode } from "react";
import type { TimelineRow } from "../api/types";
import { useNow } from "../time/server";
import { moment } from "../time/words";
import "./timeline.css";

/** What happened, newest first, each line with its time and by whom. */
export function Timeline({ rows }: { rows: readonly TimelineRow[] }): ReactNode {
  const now = useNow();
  if (rows.length === 0) return <p className="note">{t("timeline.none")}</p>;
  const newest = [...rows].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <ol className="timeline">
      {newest.map((row, i) => (
        <li key={`${row.at}${i}`}>
          <time dateTime={row.at}>{moment(row.at, now)}</time>
          <span>{row.text}</span>
          <i>{row.via === "" ? row.by : row.via}</i>
        </li>
      ))}
    </ol>
  );
}
