import type { View } from "./layout";

/** Web Mercator on tiles of 512 px, as MapLibre has it: the plain map projects alike. Pure. */
export type Bounds = [west: number, south: number, east: number, north: number];
export interface Camera {
  longitude: number;
  latitude: number;
  zoom: number;
}

const TILE = 512;
const worldX = (longitude: number): number => (longitude + 180) / 360;
const worldY = (latitude: number): number => {
  const sin = Math.sin((Math.max(-85, Math.min(85, latitude)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
};
const latitudeAt = (y: number): number => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

interface Geometry {
  coordinates?: unknown;
}

/** West, south, east, north of GeoJSON geometries; null when there is no coordinate. */
export function boundsOf(geometries: readonly Geometry[]): Bounds | null {
  const found: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [x, y] = part as unknown[];
    if (typeof x === "number" && typeof y === "number") {
      found[0] = Math.min(found[0], x);
      found[1] = Math.min(found[1], y);
      found[2] = Math.max(found[2], x);
      found[3] = Math.max(found[3], y);
    } else part.forEach(walk);
  };
  geometries.forEach((geometry) => walk(geometry.coordinates));
  return found[0] === Infinity ? null : found;
}

/** The camera that shows the bounds within the size, less `padding` on every side. */
export function fit([west, south, east, north]: Bounds, width: number, height: number, padding: number): Camera {
  const w = Math.max(1e-9, worldX(east) - worldX(west));
  const h = Math.max(1e-9, worldY(south) - worldY(north));
  const scale = Math.min(Math.max(1, width - 2 * padding) / w, Math.max(1, height - 2 * padding) / h);
  return {
    longitude: (west + east) / 2,
    latitude: latitudeAt((worldY(south) + worldY(north)) / 2),
    zoom: Math.min(15, Math.max(0, Math.log2(scale / TILE))),
  };
}

export function viewOf(camera: Camera, width: number, height: number): View {
  const scale = TILE * 2 ** camera.zoom;
  const x0 = worldX(camera.longitude) * scale - width / 2;
  const y0 = worldY(camera.latitude) * scale - height / 2;
  const longitudeAt = (x: number): number => ((x + x0) / scale) * 360 - 180;
  return {
    width,
    height,
    zoom: camera.zoom,
    project: (longitude, latitude) => [worldX(longitude) * scale - x0, worldY(latitude) * scale - y0],
    bounds: [longitudeAt(0), latitudeAt((height + y0) / scale), longitudeAt(width), latitudeAt(y0 / scale)],
  };
}

/** A round length for the scale bar near `px` pixels: kilometres and its pixels. */
export function scaleBar(view: View, px: number): { km: number; px: number } {
  const latitude = (view.bounds[1] + view.bounds[3]) / 2;
  const kmPerPx = (40075.017 * Math.cos((latitude * Math.PI) / 180)) / (TILE * 2 ** view.zoom);
  const km = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].reduce((best, one) => (Math.abs(one / kmPerPx - px) < Math.abs(best / kmPerPx - px) ? one : best));
  return { km, px: km / kmPerPx };
}
