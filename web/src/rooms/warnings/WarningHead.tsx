import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { WarningDetail } from "../../api/types";
import { Clock } from "../../kit/Clock";
import { Clauses } from "../../kit/Clauses";
import { LevelMark } from "../../kit/LevelTag";
import { SealedTag } from "../../kit/SealedMark";
import { tagState } from "../../kit/levelstate";
import { Present } from "./Present";
import { headline, pointWords, turnedAt } from "./words";
import { clockState } from "../../time/limit";
import { useNow } from "../../time/server";
import { ago, clockTime, moment } from "../../time/words";

/** What comes after the tightest limit: the next person not yet called. */
function nextRung(warning: WarningDetail): string | null {
  const next = warning.chain.filter((row) => row.state === "not_yet").sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))[0];
  return next ? t("warning.nextRung", { at: clockTime(next.starts_at), who: `${next.organisation}${next.post}` }) : null;
}

export function WarningHead({ warning }: { warning: WarningDetail }): ReactNode {
  const now = useNow();
  const closed = warning.state === "closed";
  const level = closed ? 0 : warning.level;
  const turned = turnedAt(warning);
  const facts: ReactNode[] = [
    <Link key="site" to={warning.site.id > 0 ? `/sites/${warning.site.id}` : "/warnings"}>
      {warning.site.name} <SealedTag doing={warning.site.operating} />
    </Link>,
    warning.point && (
      <Link key="point" to={`/points/${warning.point.id}`} className="quiet">
        {pointWords(warning.point)}
      </Link>
    ),
    !closed && warning.point ? <Present key="present" point={warning.point.id} limits={warning.thresholds} level={warning.current_level} /> : null,
    warning.site.territory,
    `${t("warning.since", { level: t(`level.${warning.level}.short`), ago: ago(turned, now) })} \u00b7 ${moment(turned, now)}`,
    closed ? (warning.result ? `${t(`result.${warning.result}`)} ${warning.reason}` : t("warning.state.closed")) : t(`warning.state.${warning.state}`),
    !closed && warning.silence ? (
      <Link key="silence" to={`/silences?open=${warning.silence.id}`}>
        {t("silence.until", { kind: t(`silence.kind.${warning.silence.kind}`), at: moment(warning.silence.ends_at, now) })}
      </Link>
    ) : null,
    warning.mark ? (
      <Link key="mark" to={`/silences?open=${warning.mark.id}${Date.parse(warning.mark.ends_at) <= now ? "&tab=over" : ""}`}>
        <strong>{t("warning.inMark", { kind: t(`silence.kind.${warning.mark.kind}`), from: moment(warning.mark.starts_at, now), to: moment(warning.mark.ends_at, now) })}</strong>
      </Link>
    ) : null,
    !closed && warning.close_asked ? <strong key="asked">{t("warning.closeAsked", { by: warning.close_asked.by })}</strong> : null,
    !closed && warning.unknown_now ? <strong key="unknown">{t("warning.unknownNow")}</strong> : null,
    !closed && !warning.unknown_now && warning.current_level !== warning.level ? t("warning.nowLevel", { level: t(`level.${warning.current_level}.word`) }) : null,
  ].filter((fact) => fact !== null && fact !== "");
  const rung = warning.clock && clockState(warning.clock, now) !== "done" ? nextRung(warning) : null;
  return (
    <header className="whead" style={level > 0 ? { background: `var(--l${level}-tint)`, boxShadow: `inset 6px 0 var(--l${level}-fill)` } : undefined}>
      <LevelMark level={warning.level} state={tagState(warning)} size={66} />
      <div className="whead-words">
        <h1>
          <Clauses text={headline(warning)} />
        </h1>
        <p className="facts-line">
          {facts.map((fact, i) => (
            <span key={i}>{fact}</span>
          ))}
        </p>
      </div>
      {warning.clock && !closed && (
        <div className="whead-clock">
          <span>{t("warning.tightest", { who: warning.clock.who, what: t(`limit.${warning.clock.kind}`) })}</span>
          <Clock limit={warning.clock} size="head" />
          {rung && <span>{rung}</span>}
        </div>
      )}
    </header>
  );
}
