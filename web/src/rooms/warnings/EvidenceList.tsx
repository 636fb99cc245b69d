import { Button } from "antd";
import { t } from "i18next";
import { Camera, Images } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { useEvidence } from "../../api/evidence";
import type { WarningDetail } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { useProblemWords } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import "./evidence.css";

export interface Lost {
  file: File;
  error: unknown;
}

/** Sends one after the other: a slow line carries one whole photograph sooner than four halves. Tells which were lost. */
export async function sendEach(files: readonly File[], send: (file: File, n: number) => Promise<unknown>): Promise<Lost[]> {
  const lost: Lost[] = [];
  for (const [i, file] of files.entries()) {
    try {
      await send(file, i + 1);
    } catch (error) {
      lost.push({ file, error });
    }
  }
  return lost;
}

function Why({ error }: { error: unknown }): ReactNode {
  return <span className="second">{useProblemWords(error)}</span>;
}

/** What did not arrive, by name, and still here to be sent again. */
function NotSent({ lost, again, leave }: { lost: readonly Lost[]; again: () => void; leave: () => void }): ReactNode {
  return (
    <div className="notsaved evidence-lost" role="alert">
      <b>{t("evidence.lost", { n: lost.length })}</b>
      <ul>
        {lost.map((one, i) => (
          <li key={`${one.file.name}:${i}`}>
            {one.file.name} <Why error={one.error} />
          </li>
        ))}
      </ul>
      <Button onClick={again}>{t("evidence.again")}</Button>
      <Button type="text" onClick={leave}>
        {t("evidence.leave")}
      </Button>
    </div>
  );
}

function Add({ warning, origin }: { warning: number; origin: "camera" | "gallery" }): ReactNode {
  const act = useEvidence(warning);
  const input = useRef<HTMLInputElement>(null);
  const [way, setWay] = useState<{ n: number; of: number } | null>(null);
  const [lost, setLost] = useState<Lost[]>([]);
  const send = async (files: readonly File[]): Promise<void> => {
    setLost((now) => now.filter((one) => !files.includes(one.file)));
    const failed = await sendEach(files, (file, n) => {
      setWay({ n, of: files.length });
      return act.mutateAsync({ file, origin });
    });
    setWay(null);
    setLost((now) => [...now, ...failed]);
  };
  const Icon = origin === "camera" ? Camera : Images;
  return (
    <>
      <button type="button" className="evidence-add" disabled={way !== null} onClick={() => input.current?.click()}>
        <Icon size={18} strokeWidth={1.6} aria-hidden /> {way !== null ? t("evidence.sending", way) : t(`evidence.${origin}`)}
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
      {lost.length > 0 && way === null && <NotSent lost={lost} again={() => void send(lost.map((one) => one.file))} leave={() => setLost([])} />}
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
