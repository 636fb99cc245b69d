import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Figure } from "../../api/types";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { clockTime, spanWords } from "../../time/words";

/** The line below a figure: against what it is counted, or since when it cannot be told. */
function note(one: Figure, now: number): string {
  if (one.value === null) {
    if (one.key === "false_alarms") return t("screen.figure.false_alarms.unknown");
    return one.at ? t("screen.figure.unknown", { at: clockTime(one.at), length: spanWords(Math.max(0, now - Date.parse(one.at))) }) : t("screen.figure.never");
  }
  const facts = one.facts;
  switch (one.key) {
    case "points_online":
      return (facts.blind ?? 0) > 0 ? t("screen.points.blind", { n: figure(facts.blind ?? 0), of: figure(one.of ?? 0) }) : t("screen.points.all", { n: figure(one.of ?? 0) });
    case "sites_watched":
      return (facts.unwatched ?? 0) > 0 ? t("screen.figure.sites_watched.unwatched", { n: facts.unwatched }) : t("screen.figure.sites_watched.note");
    case "duties_today":
      return t("screen.figure.duties_today.note");
    case "duties_late":
      return facts.longest_s ? t("screen.figure.duties_late.note", { length: spanWords(facts.longest_s * 1000) }) : t("screen.figure.duties_late.none");
    case "warnings_today":
      return t("screen.figure.warnings_today.note", { n: facts.severe ?? 0 });
    case "false_alarms":
      return t("screen.figure.false_alarms.note", { days: facts.days, n: facts.false, judged: facts.judged });
    case "findings":
      return (facts.findings ?? 0) > 0 ? t("screen.figure.findings.note", { n: facts.findings }) : t("screen.figure.findings.none");
  }
}

function Value({ one }: { one: Figure }): ReactNode {
  if (one.value === null) return <b>—</b>;
  if (one.key === "points_online") {
    const share = one.of ? Math.floor((1000 * one.value) / one.of) / 10 : 0;
    return (
      <>
        <b>{figure(share)}</b> %
      </>
    );
  }
  const late = one.key === "duties_late" && one.value > 0;
  return (
    <>
      <b className={late ? "scr-late" : undefined}>{figure(one.value)}</b> {one.of === null ? one.unit : `/ ${figure(one.of)}`}
    </>
  );
}

/** Seven doors: each figure opens the list it counts, or of the part of it that its note names. */
export function Figures({ figures }: { figures: readonly Figure[] }): ReactNode {
  const now = useNow();
  return (
    <nav className="scr-figures" aria-label={t("screen.figures")}>
      {figures.map((one) => (
        <Link key={one.key} to={one.url} className="quiet" data-listed={one.listed ?? undefined} title={one.at ? t("screen.figure.at", { at: clockTime(one.at) }) : undefined}>
          <span>{t(`screen.figure.${one.key}`)}</span>
          <span className="scr-value">
            <Value one={one} />
          </span>
          <span className="scr-dim">{note(one, now)}</span>
        </Link>
      ))}
    </nav>
  );
}
