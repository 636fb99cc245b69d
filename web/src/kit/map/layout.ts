import { t } from "i18next";
import Supercluster from "supercluster";
import type { SiteMark } from "../../api/types";

/** Where marks and names stand on the map. Pure: the WebGL map and the plain one bring their own projection. */
export interface View {
  width: number;
  height: number;
  /** Web Mercator zoom, tiles of 512 px. */
  zoom: number;
  project(longitude: number, latitude: number): [number, number];
  bounds: [west: number, south: number, east: number, north: number];
}

export interface PlacedSite extends SiteMark {
  longitude: number;
  latitude: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Label extends Box {
  side: "right" | "left" | "below" | "above";
  lines: [name: string, reading: string];
}

export interface Spot {
  key: string;
  x: number;
  y: number;
  size: number;
  site: PlacedSite | null;
  cluster: { id: number; count: number; worst: number; longitude: number; latitude: number } | null;
  label: Label | null;
}

export interface PlaceName extends Box {
  name: string;
  kind: "territory" | "neighbour";
}

interface Worst {
  worst: number;
}

type Index = Supercluster<{ site: PlacedSite } & Worst, Worst>;

/** Diameter in pixels at scale 1 by level; a normal site is a ring of 10. */
export const sizes: Record<number, number> = { 0: 10, 1: 24, 2: 34, 3: 36, 4: 46 };
const CLUSTER = 34;
const RADIUS = 26;
const LABELLED_FROM = 2;
/** Sizes of the words at text scale 1. */
export const NAME = 17;
export const READING = 16;
export const PLACE = 16;

export function isPlaced(site: SiteMark): site is PlacedSite {
  return site.longitude !== null && site.latitude !== null;
}

/** Everything but red: red never hides in a cluster. */
export function buildIndex(sites: readonly PlacedSite[], scale: number): Index {
  const index: Index = new Supercluster<{ site: PlacedSite } & Worst, Worst>({
    radius: RADIUS * scale,
    maxZoom: 15,
    minPoints: 3,
    map: ({ worst }) => ({ worst }),
    reduce: (sum, one) => {
      sum.worst = Math.max(sum.worst, one.worst);
    },
  });
  return index.load(
    sites
      .filter((site) => site.level < 4)
      .map((site) => ({
        type: "Feature" as const,
        properties: { site, worst: site.level },
        geometry: { type: "Point" as const, coordinates: [site.longitude, site.latitude] },
      })),
  );
}

function inside(view: View, x: number, y: number, slack: number): boolean {
  return x >= -slack && y >= -slack && x <= view.width + slack && y <= view.height + slack;
}

/** Marks in drawing order: the worst last, so that it lies on top. */
export function laySpots(index: Index, sites: readonly PlacedSite[], view: View, scale: number, text = scale): Spot[] {
  const spots: Spot[] = [];
  const [west, south, east, north] = view.bounds;
  const pad = Math.max(east - west, north - south) * 0.1;
  for (const found of index.getClusters([west - pad, south - pad, east + pad, north + pad], Math.round(view.zoom))) {
    const [longitude = 0, latitude = 0] = found.geometry.coordinates;
    const [x, y] = view.project(longitude, latitude);
    if (!inside(view, x, y, 40 * scale)) continue;
    const p = found.properties;
    if ("cluster_id" in p) {
      const cluster = { id: p.cluster_id, count: p.point_count, worst: p.worst, longitude, latitude };
      spots.push({ key: `c${p.cluster_id}`, x, y, size: CLUSTER * scale, site: null, cluster, label: null });
    } else {
      spots.push(spotOf(p.site, x, y, scale));
    }
  }
  for (const site of sites) {
    if (site.level < 4) continue;
    const [x, y] = view.project(site.longitude, site.latitude);
    if (inside(view, x, y, 60 * scale)) spots.push(spotOf(site, x, y, scale));
  }
  const rank = (spot: Spot): number => spot.site?.level ?? 0.5;
  spots.sort((a, b) => rank(a) - rank(b) || a.key.localeCompare(b.key));
  return layLabels(spots, view, text);
}

function spotOf(site: PlacedSite, x: number, y: number, scale: number): Spot {
  const size = site.state === "raised" ? (sizes[site.level] ?? 10) : site.state === "normal" && site.operating === "producing" ? 10 : 16;
  return { key: `s${site.id}`, x, y, size: size * scale, site, cluster: null, label: null };
}

/** Width of a text: a Chinese character is as wide as it is high, others about six tenths. */
export function textWidth(text: string, size: number): number {
  let em = 0;
  for (const char of text) em += char > "\u2e80" ? 1 : 0.6;
  return em * size;
}

export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

const boxOf = (spot: Spot): Box => ({ x: spot.x - spot.size / 2, y: spot.y - spot.size / 2, width: spot.size, height: spot.size });

function candidates(spot: Spot, width: number, height: number, gap: number): Label[] {
  // The ring of an unanswered one stands out a third beyond its mark.
  const half = spot.size * (spot.site?.standing === "unanswered" ? 0.68 : 0.5) + gap;
  const base = { width, height, lines: ["", ""] as [string, string] };
  return [
    { ...base, side: "right", x: spot.x + half, y: spot.y - height / 2 },
    { ...base, side: "left", x: spot.x - half - width, y: spot.y - height / 2 },
    { ...base, side: "below", x: spot.x - width / 2, y: spot.y + half },
    { ...base, side: "above", x: spot.x - width / 2, y: spot.y - half - height },
  ];
}

/** Name and reading beside yellow, orange and red where there is room; red always, where it hides least. */
function layLabels(spots: Spot[], view: View, text: number): Spot[] {
  const taken: Box[] = spots.map(boxOf);
  for (const spot of [...spots].reverse()) {
    const site = spot.site;
    if (!site || site.state !== "raised" || site.level < LABELLED_FROM) continue;
    const doing = site.operating === "producing" ? "" : t("site.doing.paren", { doing: t(`site.doing.${site.operating}`) });
    const lines: [string, string] = [site.name + doing, readingWords(site)];
    const width = Math.max(textWidth(lines[0], NAME * text), textWidth(lines[1], READING * text));
    const own = taken.indexOf(taken.find((box) => box.x === spot.x - spot.size / 2 && box.y === spot.y - spot.size / 2) ?? taken[0]!);
    const cost = (label: Box): number => {
      const hidden = taken.reduce((sum, box, i) => (i === own ? sum : sum + overlap(label, box)), 0);
      const beyond = label.x < 0 || label.y < 0 || label.x + label.width > view.width || label.y + label.height > view.height;
      return hidden + (beyond ? 1e6 : 0);
    };
    const tried = candidates(spot, width, (NAME + READING + 10) * text, 6 * text).map((label) => ({ label, cost: cost(label) }));
    const best = tried.reduce((a, b) => (b.cost < a.cost ? b : a));
    if (best.cost > 0 && site.level < 4) continue;
    spot.label = { ...best.label, lines };
    taken.push(best.label);
  }
  return spots;
}

/** `浸润线埋深 5.96 m`: what speaks for the level, in one line. */
export function readingWords(site: Pick<SiteMark, "item" | "value" | "unit">): string {
  if (site.value === null) return site.item;
  const value = String(Math.round(site.value * 100) / 100).replace("-", "\u2212");
  return `${site.item} ${value}${site.unit ? `\u00a0${site.unit}` : ""}`;
}

export interface Named {
  name: string;
  kind: "territory" | "neighbour";
  longitude: number;
  latitude: number;
}

/** Township and neighbour names where no mark or label stands and nothing is `kept` free; moved up or down a little before they are left out. */
export function layNames(names: readonly Named[], spots: readonly Spot[], view: View, text: number, kept: readonly Box[] = []): PlaceName[] {
  const taken: Box[] = [...kept];
  for (const spot of spots) taken.push(boxOf(spot), ...(spot.label ? [spot.label] : []));
  const placed: PlaceName[] = [];
  for (const one of names) {
    const size = PLACE * text;
    const width = textWidth(one.name, size) * 1.06;
    const height = 22 * text;
    const [x, y] = view.project(one.longitude, one.latitude);
    for (const shift of [0, -26, 26, -48, 48]) {
      const box = { x: x - width / 2, y: y - height / 2 + shift * text, width, height };
      const fits = box.x >= 0 && box.y >= 0 && box.x + width <= view.width && box.y + height <= view.height;
      if (!fits || taken.some((other) => overlap(box, other) > 0)) continue;
      placed.push({ ...box, name: one.name, kind: one.kind });
      taken.push(box);
      break;
    }
  }
  return placed;
}
