import { t } from "i18next";
import { Camera, Images } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import type { WarningDetail } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { askToStay, outbox, whereAmI } from "../../outbox/here";
import type { Place } from "../../outbox/photograph";
import { doneNow, useNow } from "../../time/server";
import { moment } from "../../time/words";
import { UnsentList } from "./UnsentList";
import "./evidence.css";

/** Where the device stands is waited for no longer than this once the picture is there. */
const PLACE_MS = 1_500;

function Add({ warning, origin }: { warning: WarningDetail; origin: "camera" | "gallery" }): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  const place = useRef<Promise<Place | null>>(Promise.resolve(null));
  const [busy, setBusy] = useState(false);
  const [unread, setUnread] = useState(false);
  const take = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    const seen = doneNow();
    setBusy(true);
    setUnread(false);
    askToStay();
    try {
      const where = Promise.race([place.current, new Promise<null>((resolve) => setTimeout(resolve, PLACE_MS, null))]);
      await outbox.add(files, { warning: warning.id, about: warning.number, opened: warning.opened_at, origin, place: where, seen });
    } catch {
      setUnread(true); // the file went away while it was read
    } finally {
      setBusy(false);
    }
  };
  const Icon = origin === "camera" ? Camera : Images;
  return (
    <>
      <button
        type="button"
        className="evidence-add"
        disabled={busy}
        onClick={() => {
          if (origin === "camera") place.current = whereAmI();
          input.current?.click();
        }}
      >
        <Icon size={18} strokeWidth={1.6} aria-hidden /> {busy ? t("evidence.keeping") : t(`evidence.${origin}`)}
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
          void take(files);
        }}
      />
      {unread && (
        <p className="notsaved" role="alert">
          {t("evidence.unread")}
        </p>
      )}
    </>
  );
}

const LATE_MS = 120_000;

/** When it was taken up, and when it came where that was later: from a pit without signal it comes hours after. */
function When({ one }: { one: WarningDetail["evidence"][number] }): ReactNode {
  const now = useNow();
  // A picture just taken: by the county's clock. One from the gallery: when it says it was taken, not when it was chosen.
  const seen = (one.origin === "camera" ? (one.seen_at ?? one.taken_at) : (one.taken_at ?? one.seen_at)) ?? one.at;
  const late = Date.parse(one.at) - Date.parse(seen) > LATE_MS;
  return (
    <>
      <span>
        {moment(seen, now)} · {t(`evidence.from.${one.origin}`)}
      </span>
      {late && <span className="second">{t("evidence.came", { at: moment(one.at, now) })}</span>}
      {one.place && (
        <span className="second">
          {t("evidence.place", { latitude: one.place.latitude.toFixed(4), longitude: one.place.longitude.toFixed(4), accuracy: Math.ceil(one.place.accuracy_m) })}
        </span>
      )}
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
                <When one={one} />
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
          <Add warning={warning} origin="camera" />
          <Add warning={warning} origin="gallery" />
        </div>
      )}
      <UnsentList warning={warning.id} />
    </Panel>
  );
}
