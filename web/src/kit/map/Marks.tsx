import { t } from "i18next";
import { useState, type MouseEvent, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { LevelMark, type TagState } from "../LevelTag";
import { CareShape, careWords } from "../CareMark";
import { SealedShape } from "../SealedMark";
import { serverNow } from "../../time/server";
import type { PlacedSite, PlaceName, Spot } from "./layout";
import { NAME, PLACE, READING, readingWords } from "./layout";

interface Props {
  spots: readonly Spot[];
  names: readonly PlaceName[];
  scale: number;
  text: number;
  width: number;
  height: number;
  onCluster: (spot: Spot) => void;
}

/** One line for those who do not see the map. */
function voice(spot: Spot): string {
  if (spot.cluster) return t("map.cluster", { n: spot.cluster.count, level: t(`level.${spot.cluster.worst}.word`) });
  const site = spot.site!;
  const care = site.care ? ` ${careWords(site.care, serverNow())}` : "";
  if (site.state !== "raised") return `${site.name} ${stateWords(site)}${care}`;
  return `${site.name} ${t(`level.${site.level}.word`)} ${t(`tag.${site.standing ?? "answered"}`)} ${readingWords(site)}${care}`;
}

/** What a site without a warning is, and what it does unless it produces. */
function stateWords(site: PlacedSite): string {
  const state = t(`map.state.${site.state}`);
  return site.operating === "producing" ? state : `${t(`site.doing.${site.operating}`)} ${state}`;
}

/** A grey disc with its count, and an arc of the worst colour in it. */
function ClusterMark({ spot, scale, text }: { spot: Spot; scale: number; text: number }): ReactNode {
  const r = spot.size / 2;
  const { count, worst } = spot.cluster!;
  const share = Math.PI * 0.6;
  const arc = `M0,${-r}A${r},${r} 0 0 1 ${(r * Math.sin(share)).toFixed(2)},${(-r * Math.cos(share)).toFixed(2)}`;
  return (
    <>
      <circle r={r} className="map-cluster" />
      {worst > 0 && <path d={arc} fill="none" stroke={`var(--l${worst}-fill)`} strokeWidth={4 * scale} />}
      <text className="map-cluster-n" fontSize={15 * text} y={5.3 * text}>
        {count > 999 ? `${Math.floor(count / 1000)}k` : count}
      </text>
    </>
  );
}

/** The label of calibration or maintenance at the lower right of a mark, which stays what it is. */
function CareAt({ spot, scale }: { spot: Spot; scale: number }): ReactNode {
  const care = spot.site?.care;
  if (!care || Date.parse(care.ends_at) <= serverNow()) return null;
  const off = spot.size * 0.3;
  return (
    <g transform={`translate(${off},${off}) scale(${(15 * scale) / 20})`} className="map-care">
      <CareShape kind={care.kind} />
    </g>
  );
}

function SiteMarkShape({ spot, scale }: { spot: Spot; scale: number }): ReactNode {
  const site = spot.site!;
  const r = spot.size / 2;
  if (site.state === "raised") {
    // The shape fills 28 of the mark's 40 units: drawn larger by that much, it has the size the grammar asks for.
    const size = spot.size * (40 / 28);
    return (
      <g transform={`translate(${-size / 2},${-size / 2})`}>
        <LevelMark level={site.level} state={(site.standing ?? "answered") as TagState} size={size} label="" />
        {site.operating !== "producing" && (
          <g transform={`translate(${size * 0.7},${size * 0.7}) scale(${(14 * scale) / 20})`} className="map-sealed">
            <SealedShape />
          </g>
        )}
      </g>
    );
  }
  if (site.operating !== "producing") {
    return (
      <g transform={`translate(${-r},${-r}) scale(${spot.size / 20})`} className="map-sealed">
        <SealedShape broken={site.state !== "normal"} />
      </g>
    );
  }
  if (site.state === "normal") return <circle r={r} className="map-normal" strokeWidth={1.8 * scale} />;
  return (
    <>
      <circle r={r} className="map-normal" strokeWidth={1.8 * scale} strokeDasharray={`${2.6 * scale} ${2.2 * scale}`} />
      {site.state === "silent" && <path d={`M${-r},${r}L${r},${-r}`} className="map-normal" strokeWidth={1.6 * scale} />}
    </>
  );
}

/** Marks, labels and names over the base map; the same whichever map lies below. */
export function Marks({ spots, names, scale, text, width, height, onCluster }: Props): ReactNode {
  const navigate = useNavigate();
  const [hover, setHover] = useState<Spot | null>(null);
  const open = (spot: Spot) => (event: MouseEvent) => {
    event.preventDefault();
    if (spot.cluster) onCluster(spot);
    else void navigate(`/sites/${spot.site!.id}`);
  };
  return (
    <>
      <svg className="map-marks" width={width} height={height} role="group" aria-label={t("map.marks")}>
        {names.map((one) => (
          <text key={`${one.kind}${one.name}`} className={`map-name map-name-${one.kind}`} x={one.x + one.width / 2} y={one.y + one.height * 0.75} fontSize={PLACE * text} aria-hidden>
            {one.name}
          </text>
        ))}
        {spots.map((spot) => {
          const raised = spot.site?.state === "raised";
          return (
            <g key={spot.key} transform={`translate(${spot.x.toFixed(1)},${spot.y.toFixed(1)})`}>
            <a
              href={spot.site ? `/sites/${spot.site.id}` : "#"}
              className={raised ? `map-spot map-raised map-level-${spot.site!.level}` : "map-spot"}
              // The table beside the map lists every site: only raised ones are stops of the keyboard here.
              tabIndex={raised ? 0 : -1}
              aria-hidden={raised ? undefined : true}
              aria-label={raised ? voice(spot) : undefined}
              onClick={open(spot)}
              onMouseEnter={() => setHover(spot)}
              onMouseLeave={() => setHover(null)}
              onFocus={() => setHover(spot)}
              onBlur={() => setHover(null)}
            >
              <circle r={Math.max(spot.size / 2, 12 * scale)} fill="transparent" />
              {spot.cluster ? <ClusterMark spot={spot} scale={scale} text={text} /> : <SiteMarkShape spot={spot} scale={scale} />}
              <CareAt spot={spot} scale={scale} />
              {spot.label && <SpotLabel spot={spot} text={text} />}
            </a>
            </g>
          );
        })}
      </svg>
      {hover && <Hover spot={hover} width={width} />}
    </>
  );
}

function SpotLabel({ spot, text }: { spot: Spot; text: number }): ReactNode {
  const label = spot.label!;
  const anchor = { right: "start", left: "end", below: "middle", above: "middle" }[label.side];
  const x = label.side === "right" ? label.x : label.side === "left" ? label.x + label.width : label.x + label.width / 2;
  return (
    <g transform={`translate(${(x - spot.x).toFixed(1)},${(label.y - spot.y).toFixed(1)})`} textAnchor={anchor as "start" | "end" | "middle"} aria-hidden>
      <text className="map-label" y={NAME * text} fontSize={NAME * text}>
        {label.lines[0]}
      </text>
      <text className="map-label-reading" y={(NAME + READING + 5) * text} fontSize={READING * text} fill={`var(--l${spot.site!.level}-text)`}>
        {label.lines[1]}
      </text>
    </g>
  );
}

function Hover({ spot, width }: { spot: Spot; width: number }): ReactNode {
  const right = spot.x < width / 2;
  const place = right ? { left: spot.x + spot.size / 2 + 10 } : { right: width - spot.x + spot.size / 2 + 10 };
  const site = spot.site;
  return (
    <div className="map-hover" style={{ ...place, top: spot.y }} aria-hidden>
      {site ? (
        <>
          <b>{site.name}</b>
          <span>
            {t(`site.kind.${site.kind}`)} {site.territory}
          </span>
          <span>{site.state === "raised" ? `${t(`level.${site.level}.word`)} ${readingWords(site)}` : t(`map.state.${site.state}`)}</span>
          {site.operating !== "producing" && <span>{t(`site.doing.${site.operating}`)}</span>}
          {site.care && <span>{careWords(site.care, serverNow())}</span>}
          {site.points > 0 && <span>{site.blind > 0 ? t("map.points.blind", { n: site.points, blind: site.blind }) : t("map.points", { n: site.points })}</span>}
        </>
      ) : (
        <>
          <b>{voice(spot)}</b>
          <span>{t("map.cluster.open")}</span>
        </>
      )}
    </div>
  );
}
