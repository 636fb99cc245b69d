import { t } from "i18next";
import { Camera, Images } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { useEvidence } from "../../api/evidence";
import type { WarningDetail } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import "./evidence.css";

function Add({ warning, origin }: { warning: number; origin: "camera" | "gallery" }): ReactNode {
  const act = useEvidence(warning);
  const input = useRef<HTMLInputElement>(null);
  const send = async (files: readonly File[]): Promise<void> => {
    // One after the other: a slow line carries one whole photograph sooner than four halves.
    for (const file of files) await act.mutateAsync({ file, origin }).catch(() => undefined);
  };
  const Icon = origin === "camera" ? Camera : Images;
  return (
    <>
      <button type="button" className="evidence-add" disabled={act.isPending} onClick={() => input.current?.click()}>
        <Icon size={18} strokeWidth={1.6} aria-hidden /> {act.isPending ? t("evidence.sending") : t(`evidence.${origin}`)}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept="image/jpeg,image/png,image/webp"
        multiple={origin === "gallery"}
        {...(origin === "camera" ? { capture: "environment" as const } : {})}
        aria-label={t(`evidence.${origin}`)}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = "";
          void send(files);
        }}
      />
      <NotSaved error={act.error} />
    </>
  );
}

/** What was seen and done, in photographs: each with its time, by whom, and the start of the hash that is in the ledger. */
export function EvidenceList({ warning }: { warning: WarningDetail }): ReactNode {
  const now = useNow();
  const rows = warning.evidence;
  return (
    <Panel title={t("evidence.title")} note={rows.length > 0 ? t("evidence.note", { n: rows.length }) : undefined}>
      {rows.length === 0 ? (
        <p className="note">{warning.may_add_evidence ? t("evidence.none") : t("evidence.noneSeen")}</p>
      ) : (
        <ul className="evidence">
          {rows.map((one) => (
            <li key={one.id}>
              <a href={one.url} target="_blank" rel="noreferrer" className="quiet">
                <img src={one.url} alt={one.note || t("evidence.alt", { by: one.by, at: moment(one.at, now) })} loading="lazy" />
                <span>
                  {moment(one.at, now)} · {t(`evidence.from.${one.origin}`)}
                </span>
                <span className="second">{one.by}</span>
                <span className="second" title={one.sha256}>
                  SHA-256 {one.sha256.slice(0, 8)}…
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {warning.may_add_evidence && (
        <div className="evidence-acts">
          <Add warning={warning.id} origin="camera" />
          <Add warning={warning.id} origin="gallery" />
        </div>
      )}
    </Panel>
  );
}
