import { t } from "i18next";
import type { ReactNode } from "react";
import type { Status } from "../../api/types";
import { useLostSince } from "../../live/connect";
import { useNow } from "../../time/server";
import { moment, spanWords } from "../../time/words";

/** What the person must know before believing the page: nobody watches, the line is down, alarms. */
export function InkBars({ status }: { status: Status | undefined }): ReactNode {
  const now = useNow();
  const lost = useLostSince();
  const bars: string[] = [];
  if (status && !status.watching.ok) {
    const since = status.watching.since;
    const parts = status.watching.parts.filter((part) => !part.ok).map((part) => t(`part.${part.name}`));
    bars.push(
      since
        ? t("bar.notWatching", { parts: parts.join(t("list.comma")), at: moment(since, now), length: spanWords(Math.max(0, now - Date.parse(since))) })
        : t("bar.neverWatched", { parts: parts.join(t("list.comma")) }),
    );
  }
  if (lost !== null) bars.push(t("bar.lost", { length: spanWords(Math.max(0, Date.now() - lost)) }));
  for (const alarm of status?.alarms ?? []) bars.push(t("bar.alarm", { at: moment(alarm.at, now), message: alarm.message }));
  if (bars.length === 0) return null;
  return (
    <div className="inkbars" role="alert">
      {bars.map((bar) => (
        <p key={bar}>{bar}</p>
      ))}
    </div>
  );
}
