import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { ScreenNow, Status } from "../../api/types";
import { Clock } from "../../kit/Clock";
import { LevelMark } from "../../kit/LevelTag";
import { keepUnits } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, clockTime } from "../../time/words";
import { headline } from "../warnings/words";

/** The worst case nobody has answered, and its clock; without one a grey line, which never says more than is known. */
export function Band({ now, status, u }: { now: ScreenNow; status: Status | undefined; u: number }): ReactNode {
  const time = useNow();
  const worst = now.worst;
  if (!worst) return <Quiet now={now} status={status} />;
  const next = now.chain.filter((row) => row.state === "not_yet").sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))[0];
  const facts = [
    worst.site.territory,
    t("screen.began", { ago: ago(worst.started_at, time) }),
    next ? t("warning.nextRung", { at: clockTime(next.starts_at), who: `${next.organisation}${next.post}` }) : "",
  ].filter((fact) => fact !== "");
  return (
    <Link to={`/warnings/${worst.id}`} className="scr-band scr-band-on quiet" style={{ background: `var(--l${worst.level}-tint)`, borderLeftColor: `var(--l${worst.level}-fill)` }}>
      <LevelMark level={worst.level} state="unanswered" size={84 * u} />
      <div className="scr-band-words">
        <h1>{keepUnits(headline(worst))}</h1>
        <p>
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      </div>
      {worst.clock && (
        <div className="scr-band-clock">
          <span>{t("screen.clock", { who: worst.clock.who, what: t(`limit.${worst.clock.kind}`) })}</span>
          <Clock limit={worst.clock} size="wall" />
        </div>
      )}
    </Link>
  );
}

function Quiet({ now, status }: { now: ScreenNow; status: Status | undefined }): ReactNode {
  const watch = now.figures.find((one) => one.key === "sites_watched");
  const n = watch?.value ?? 0;
  const severe = (now.counts[4] ?? 0) + (now.counts[3] ?? 0);
  // While a part of the watch has stopped, "nothing red" would be a guess.
  if (status && !status.watching.ok) return <p className="scr-band scr-band-off">{t("screen.band.notWatching")}</p>;
  if (severe > 0) return <p className="scr-band scr-band-off">{t("screen.band.answered", { red: now.counts[4] ?? 0, orange: now.counts[3] ?? 0, n })}</p>;
  return <p className="scr-band scr-band-off">{t("screen.band.quiet", { n })}</p>;
}
