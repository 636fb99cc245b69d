import type { Status } from "../../api/types";

export interface FoldedAlarm {
  message: string;
  /** The page of what the newest is about, "" where there is none. */
  url: string;
  /** What a program said of the newest, "" where none did or it is not for this reader. */
  raw: string;
  /** The newest and the first time it was raised. */
  at: string;
  first: string;
  times: number;
}

/** The same alarm raised again is one line with its number; the newest first. Pure. */
export function foldAlarms(alarms: Status["alarms"]): FoldedAlarm[] {
  const folded = new Map<string, FoldedAlarm>();
  for (const alarm of [...alarms].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))) {
    const same = folded.get(alarm.message);
    if (same) {
      same.times += 1;
      same.first = alarm.at;
    } else folded.set(alarm.message, { message: alarm.message, url: alarm.url, raw: alarm.raw, at: alarm.at, first: alarm.at, times: 1 });
  }
  return [...folded.values()];
}
