import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { clockTime, monthDay } from "../../time/words";
import { drawn, shiftWords, short } from "./pair";
import type { FindingDetail, Part } from "./queries";

const WIDTH = 600;
const HEIGHT = 140;

const when = (at: number): string => `${monthDay(at)} ${clockTime(at)}`;

function Series({ part, title, point, unit }: { part: Part; title: string; point: { id: number; name: string }; unit: string }): ReactNode {
  const line = drawn(part, WIDTH, HEIGHT);
  return (
    <figure className="pair-one">
      <figcaption>
        <b>{title}</b> <Link to={`/points/${point.id}`}>{point.name}</Link>
        <span className="second num">{t("falsified.span", { from: when(part.start), to: when(part.end) })}</span>
      </figcaption>
      {line === null ? (
        <p className="note">{t("falsified.noReadings")}</p>
      ) : (
        <>
          <div className="pair-box">
            <span className="pair-scale num">{short(line.high)}{unit && ` ${unit}`}</span>
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t("falsified.curve", { title, point: point.name, low: short(line.low), high: short(line.high), unit })}>
              <rect className="pair-band" x={line.band[0] * WIDTH} width={Math.max(2, (line.band[1] - line.band[0]) * WIDTH)} y={0} height={HEIGHT} />
              <path d={line.path} vectorEffect="non-scaling-stroke" />
            </svg>
            <span className="pair-scale num">{short(line.low)}</span>
          </div>
          {part.cut && <p className="note">{t("falsified.cut")}</p>}
        </>
      )}
    </figure>
  );
}

/** The suspect and what it is held beside, under each other, each stretch shaded, and how one follows from the other. */
export function Pair({ one, suspect, source }: { one: FindingDetail; suspect: Part; source: Part | null }): ReactNode {
  const shift = shiftWords(one);
  const mine = one.beside?.id === one.point.id;
  return (
    <div className="pair">
      <Series part={suspect} title={t("falsified.suspect")} point={one.point} unit={one.unit} />
      {one.beside !== null && (
        <>
          <p className="pair-shift">{shift ? t("falsified.follows", { how: shift }) : one.kind === "pattern" ? t("falsified.repeats") : t("falsified.same")}</p>
          {source === null ? <p className="note">{t("falsified.unseen")}</p> : <Series part={source} title={mine ? t("falsified.own") : t("falsified.other")} point={one.beside} unit={one.unit} />}
        </>
      )}
    </div>
  );
}
