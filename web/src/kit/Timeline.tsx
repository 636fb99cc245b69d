import { t } from "i18next";
import { useState, type ReactNode } from "react";
import type { TimelineRow } from "../api/types";
import { useNow } from "../time/server";
import { moment } from "../time/words";
import "./timeline.css";

const SAME_MS = 60_000;
const SHORT = 14;

export interface TimelineLine {
  row: TimelineRow;
  times: number;
}

/** Newest first; what was recorded several times within a minute in the same words is one line with its number. Pure. */
export function gather(rows: readonly TimelineRow[]): TimelineLine[] {
  const lines: TimelineLine[] = [];
  for (const row of [...rows].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))) {
    const same = lines.find((line) => line.row.text === row.text && line.row.by === row.by && line.row.via === row.via && Date.parse(line.row.at) - Date.parse(row.at) < SAME_MS);
    if (same) same.times += 1;
    else lines.push({ row, times: 1 });
  }
  return lines;
}

/** What happened, newest first, each line with its time and by whom. */
export function Timeline({ rows }: { rows: readonly TimelineRow[] }): ReactNode {
  const now = useNow();
  const [whole, setWhole] = useState(false);
  if (rows.length === 0) return <p className="note">{t("timeline.none")}</p>;
  const lines = gather(rows);
  const shown = whole || lines.length <= SHORT + 2 ? lines : lines.slice(0, SHORT);
  return (
    <>
      <ol className="timeline">
        {shown.map(({ row, times }, i) => (
          <li key={`${row.at}${i}`}>
            <time dateTime={row.at}>{moment(row.at, now)}</time>
            <span>
              {row.text}
              {times > 1 && <em> {t("timeline.times", { n: times })}</em>}
            </span>
            <i>{row.via === "" ? row.by : row.via}</i>
          </li>
        ))}
      </ol>
      {shown.length < lines.length && (
        <button type="button" className="linkish" onClick={() => setWhole(true)}>
          {t("timeline.more", { n: lines.length - shown.length })}
        </button>
      )}
    </>
  );
}
