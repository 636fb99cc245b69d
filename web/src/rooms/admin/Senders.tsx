import { t } from "i18next";
import type { ReactNode } from "react";
import { useNow } from "../../time/server";
import type { Sender, Source } from "./queries";
import { deviceLines } from "./senders";

/** Who of a source is connected at which door, and when it was heard last. */
export function Senders({ source, senders }: { source: Source; senders: readonly Sender[] | null }): ReactNode {
  const now = useNow();
  const lines = deviceLines(source, senders, now);
  if (lines.length === 0) return null;
  return (
    <ul className="tkids tsenders" aria-label={t("admin.senders", { name: source.name })}>
      {lines.map((line) => (
        <li key={line.key}>
          <span>
            <i className={`tdot tdot-${line.state}`} aria-hidden /> {line.title} <span className="tnote">{line.words}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
