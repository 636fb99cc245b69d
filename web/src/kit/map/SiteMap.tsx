import { t } from "i18next";
import { Maximize, Minus, Plus } from "lucide-react";
import { Suspense, useCallback, useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { CountyMap, SiteMark } from "../../api/types";
import type { Tone } from "../../theme";
import { LevelMark } from "../LevelTag";
import { CareTag } from "../CareMark";
import { SealedTag } from "../SealedMark";
import { buildIndex, isPlaced, layNames, laySpots, readingWords, type Box, type Named, type Spot, type View } from "./layout";
import { Boundary } from "../Boundary";
import { later } from "../later";
import { Marks } from "./Marks";
import { boundsOf, scaleBar, type Bounds } from "./mercator";
import { PlainMap } from "./PlainMap";
import "./map.css";

const GlMap = later(() => import("./GlMap"));

export interface Controls {
  zoomBy(step: number): void;
  showAt(longitude: number, latitude: number, zoom: number): void;
  home(): void;
}

/** What both base maps take: lines to draw, the frame to show, and whom to tell of each move. */
export interface BaseProps {
  data: CountyMap;
  bounds: Bounds;
  tone: Tone;
  /** Of lines, as of marks: 2 on a wall of four times the pixels. */
  scale: number;
  padding: number;
  onView: (view: View, controls: Controls) => void;
  onLost: () => void;
}

export function hasWebGl(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

const webGl = hasWebGl();

interface Props {
  map: CountyMap;
  sites: readonly SiteMark[];
  tone: Tone;
  scale?: number;
  /** Size of words, where a wall needs them larger than the marks alone would grow. */
  text?: number;
  /** A small map of one place: no list beside it, shown nearer. */
  focus?: { longitude: number; latitude: number } | null;
  /** Whether the sites may be read as a list instead; not where none are drawn. */
  listed?: boolean;
}

/** The county, flat: outline, townships dotted, sites by their worst level. 示意图 stays on. */
export function SiteMap({ map, sites, tone, scale = 1, text = scale, focus = null, listed = true }: Props): ReactNode {
  const [plain, setPlain] = useState(!webGl);
  const [seen, setSeen] = useState<{ view: View; controls: Controls } | null>(null);
  const [list, setList] = useState(false);
  const placed = useMemo(() => sites.filter(isPlaced), [sites]);
  const index = useMemo(() => buildIndex(placed, scale), [placed, scale]);
  const focusKey = focus ? `${focus.longitude},${focus.latitude}` : "";
  const bounds = useMemo(() => frame(map, placed, focus), [map, focusKey, placed.length > 0]); // eslint-disable-line react-hooks/exhaustive-deps
  const onView = useCallback((view: View, controls: Controls) => setSeen({ view, controls }), []);
  const onLost = useCallback(() => setPlain(true), []);
  const base: BaseProps = { data: map, bounds, tone, scale, padding: Math.round(36 * scale), onView, onLost };
  const spots = useMemo(() => (seen ? laySpots(index, placed, seen.view, scale, text) : []), [seen, index, placed, scale, text]);
  const names = useMemo(() => (seen ? layNames(namesOf(map), spots, seen.view, text, edges(seen.view, text)) : []), [seen, spots, map, text]);
  const openCluster = (spot: Spot): void => {
    const { id, longitude, latitude } = spot.cluster!;
    seen?.controls.showAt(longitude, latitude, index.getClusterExpansionZoom(id) + 0.5);
  };
  const bar = seen ? scaleBar(seen.view, 64 * scale) : null;
  return (
    <div className="map" style={{ fontSize: 15 * text }} data-plain={plain}>
      {list ? (
        <SiteTable sites={sites} />
      ) : (
        <>
          {plain ? (
            <PlainMap {...base} />
          ) : (
            <Boundary at="map" heals fallback={() => <PlainMap {...base} />}>
              <Suspense fallback={<PlainMap {...base} />}>
                <GlMap {...base} />
              </Suspense>
            </Boundary>
          )}
          {seen && <Marks spots={spots} names={names} scale={scale} text={text} width={seen.view.width} height={seen.view.height} onCluster={openCluster} />}
          <p className="map-foot">
            {bar && (
              <>
                <i style={{ width: bar.px }} aria-hidden /> {bar.km} km{" "}
              </>
            )}
            {map.schematic ? t("map.schematic") : map.sources.join(t("list.comma"))}
          </p>
        </>
      )}
      {!focus && (
        <div className="map-tools">
          {!list && seen && (
            <>
              <button type="button" onClick={() => seen.controls.zoomBy(1)} aria-label={t("map.in")}>
                <Plus size={16 * text} strokeWidth={1.6} aria-hidden />
              </button>
              <button type="button" onClick={() => seen.controls.zoomBy(-1)} aria-label={t("map.out")}>
                <Minus size={16 * text} strokeWidth={1.6} aria-hidden />
              </button>
              <button type="button" onClick={() => seen.controls.home()} aria-label={t("map.home")}>
                <Maximize size={16 * text} strokeWidth={1.6} aria-hidden />
              </button>
            </>
          )}
          {listed && (
            <button type="button" aria-pressed={list} onClick={() => setList(!list)}>
              {list ? t("map.asMap") : t("map.asList")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** The strips where legend, scale and buttons stand. */
function edges(view: View, text: number): Box[] {
  const height = 48 * text;
  return [
    { x: 0, y: 0, width: view.width, height },
    { x: 0, y: view.height - height, width: view.width, height },
  ];
}

/** What to show: the place asked for, else the county, else the sites, else the district round 浮山. */
function frame(map: CountyMap, placed: readonly { longitude: number; latitude: number }[], focus: Props["focus"]): Bounds {
  if (focus) return [focus.longitude - 0.08, focus.latitude - 0.05, focus.longitude + 0.08, focus.latitude + 0.05];
  const county = map.features.filter((feature) => feature.properties.kind === "county");
  const sites = placed.map((site) => ({ coordinates: [site.longitude, site.latitude] }));
  const found = boundsOf(county.length > 0 ? county.map((feature) => feature.geometry) : sites);
  if (!found) return [73, 18, 135, 53];
  const pad = Math.max(0.01, (found[2] - found[0]) * 0.02);
  return [found[0] - pad, found[1] - pad, found[2] + pad, found[3] + pad];
}

function namesOf(map: CountyMap): Named[] {
  return map.features.flatMap(({ properties: { name, kind, label } }) => {
    const [longitude, latitude] = label;
    return kind === "county" || longitude === undefined || latitude === undefined ? [] : [{ name, kind, longitude, latitude }];
  });
}

/** Every site in words, the worst first: for the keyboard, for a reader, and for those not on the map. */
function SiteTable({ sites }: { sites: readonly SiteMark[] }): ReactNode {
  const rows = [...sites].sort((a, b) => b.level - a.level || order[a.state] - order[b.state] || a.id - b.id);
  return (
    <div className="map-list" tabIndex={0} role="region" aria-label={t("map.list")}>
      <ul>
        {rows.map((site) => (
          <li key={site.id}>
            <Link to={`/sites/${site.id}`} className="quiet">
              <LevelMark level={site.level} size={20} state={site.standing ?? "answered"} label="" />
              <b>{site.name}</b>
              <SealedTag doing={site.operating} />
              <CareTag care={site.care} />
              <span>{site.territory}</span>
              <span>{site.state === "raised" ? `${t(`level.${site.level}.word`)} ${readingWords(site)}` : t(`map.state.${site.state}`)}</span>
              {site.longitude === null && <em>{t("map.unplaced")}</em>}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

const order: Record<SiteMark["state"], number> = { raised: 0, silent: 1, unwatched: 2, normal: 3 };
