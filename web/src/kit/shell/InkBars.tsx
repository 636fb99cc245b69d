import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { Status } from "../../api/types";
import { writing } from "../../bundles";
import { useLine } from "../../live/connect";
import { useUnsentActs } from "../../outbox/acts";
import { useUnsent } from "../../outbox/here";
import { useStopped } from "../../phone/answers";
import { takeNew, useNewBuild } from "../../phone/build";
import { useNow } from "../../time/server";
import { moment, spanWords } from "../../time/words";
import { foldAlarms } from "./alarms";
import { unsentWords } from "./unsent";

interface Bar {
  key: string;
  words: string;
}

/** A drill copy, nobody watches, the line is down: what is never folded away. */
function gravest(watching: Status["watching"] | undefined, lost: number | null, stopped: number | null, now: number): Bar[] {
  const bars: Bar[] = [];
  if (watching?.drill === true) bars.push({ key: "drill", words: t("bar.drill") });
  if (watching && !watching.ok) {
    const since = watching.since;
    const parts = watching.parts
      .filter((part) => !part.ok)
      .map((part) => t(`part.${part.name}`))
      .join(t("list.and"));
    const words = since ? t("bar.notWatching", { parts, at: moment(since, now), length: spanWords(Math.max(0, now - Date.parse(since))) }) : t("bar.neverWatched", { parts });
    bars.push({ key: "watching", words });
  }
  if (stopped !== null) bars.push({ key: "stopped", words: t("bar.stopped", { at: moment(stopped, now), length: spanWords(Math.max(0, now - stopped)) }) });
  else if (lost !== null) bars.push({ key: "lost", words: t("bar.lost", { length: spanWords(Math.max(0, Date.now() - lost)) }) });
  return bars;
}

/** The same without alarms, for a page that has room for one call and nothing else. */
export function WatchBars({ watching, lost }: { watching: Status["watching"] | undefined; lost: number | null }): ReactNode {
  const bars = gravest(watching, lost, useStopped(), useNow());
  if (bars.length === 0) return null;
  return (
    <div className="inkbars" role="alert">
      {bars.map((bar) => (
        <p key={bar.key}>{bar.words}</p>
      ))}
    </div>
  );
}

/** What this device holds and the county does not; said wherever the person is, once it did not get through at once. */
function UnsentBar(): ReactNode {
  const unsent = useUnsent();
  const first = unsent.find((one) => one.error !== null);
  if (first === undefined) return null;
  return (
    <p>
      {unsentWords(unsent)}
      <Link to={`/warnings/${first.photograph.warning}`}>{t("bar.alarm.look")}</Link>
    </p>
  );
}

/** The same of acts: what was done here and the county does not know. */
function HeldBar(): ReactNode {
  const held = useUnsentActs().filter((one) => one.late);
  if (held.length === 0) return null;
  return (
    <p>
      {t("bar.held", { n: held.length })}
      <Link to="/">{t("bar.alarm.look")}</Link>
    </p>
  );
}

/** The county has a new build: put in place when the person says so, never under their hands. */
function NewBuildBar(): ReactNode {
  const [asked, setAsked] = useState(false);
  if (!useNewBuild()) return null;
  const press = (): void => {
    if (writing() && !asked) setAsked(true);
    else takeNew();
  };
  return (
    <p>
      {asked ? t("bar.build.writing") : t("bar.build")}
      <button type="button" onClick={press}>
        {asked ? t("bar.build.anyway") : t("bar.build.take")}
      </button>
    </p>
  );
}

/** What a program said, for who mends it: behind a fold, for it tells nobody else what to do. */
function Raw({ text }: { text: string }): ReactNode {
  const [open, setOpen] = useState(false);
  if (text === "") return null;
  return (
    <>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? t("bar.alarm.raw.less") : t("bar.alarm.raw")}
      </button>
      {open && <code>{text}</code>}
    </>
  );
}

/** What the person must know before believing the page: nobody watches, the line is down, alarms. */
export function InkBars({ status }: { status: Status | undefined }): ReactNode {
  const now = useNow();
  const lost = useLine().since;
  const [whole, setWhole] = useState(false);
  const bars = gravest(status?.watching, lost, useStopped(), now);
  // Alarms are folded away, but for the newest.
  const alarms = foldAlarms(status?.alarms ?? []);
  const shown = whole ? alarms : alarms.slice(0, 1);
  const unsent = useUnsent().some((one) => one.error !== null);
  const held = useUnsentActs().some((one) => one.late);
  const build = useNewBuild();
  if (bars.length === 0 && alarms.length === 0 && !unsent && !held && !build) return null;
  return (
    <div className="inkbars" role="alert">
      {bars.map((bar) => (
        <p key={bar.key}>{bar.words}</p>
      ))}
      <HeldBar />
      <UnsentBar />
      {shown.map((alarm, i) => (
        <p key={alarm.message}>
          {t("bar.alarm", { at: moment(alarm.at, now), message: alarm.message })}
          {alarm.times > 1 && t("bar.alarm.times", { n: alarm.times, at: moment(alarm.first, now) })}
          {alarm.url !== "" && <Link to={alarm.url}>{t("bar.alarm.look")}</Link>}
          <Raw text={alarm.raw} />
          {i === 0 && alarms.length > 1 && (
            <button type="button" aria-expanded={whole} onClick={() => setWhole(!whole)}>
              {whole ? t("call.less") : t("bar.alarm.more", { n: alarms.length - 1 })}
            </button>
          )}
        </p>
      ))}
      <NewBuildBar />
    </div>
  );
}
