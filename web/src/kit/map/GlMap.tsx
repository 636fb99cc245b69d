import { t } from "i18next";
import { Map as GlView, setWorkerUrl, type GeoJSONSource, type StyleSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { useEffect, useRef, type ReactNode } from "react";
import type { CountyMap } from "../../api/types";
import { palettes, type Tone } from "../../theme";
import type { BaseProps } from "./SiteMap";

setWorkerUrl(workerUrl);

/** Flat, offline, of our own tokens: no tiles, no glyphs, no sprites are fetched. Names are drawn by the marks' layer. */
function styleOf(tone: Tone, data: CountyMap, scale: number): StyleSpecification {
  const c = palettes[tone];
  const of = (kind: string): ["==", ["get", string], string] => ["==", ["get", "kind"], kind];
  return {
    version: 8,
    sources: { county: { type: "geojson", data: data as unknown as GeoJSON.FeatureCollection } },
    layers: [
      { id: "page", type: "background", paint: { "background-color": c.page } },
      { id: "neighbours", type: "line", source: "county", filter: of("neighbour"), paint: { "line-color": c.line, "line-width": scale } },
      { id: "ground", type: "fill", source: "county", filter: of("county"), paint: { "fill-color": c.surface } },
      { id: "townships", type: "line", source: "county", filter: of("territory"), paint: { "line-color": c.edge, "line-width": scale, "line-dasharray": [1, 3], "line-opacity": 0.8 } },
      { id: "county", type: "line", source: "county", filter: of("county"), paint: { "line-color": c.edge, "line-width": 1.8 * scale } },
    ],
  };
}

export default function GlMap({ data, bounds, tone, scale, padding, onView, onLost }: BaseProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const held = useRef<GlView | null>(null);
  const tell = useRef({ onView, onLost });
  tell.current = { onView, onLost };

  useEffect(() => {
    const container = box.current;
    if (!container) return undefined;
    let map: GlView;
    try {
      map = new GlView({
        container,
        style: styleOf(tone, data, scale),
        bounds: [bounds[0], bounds[1], bounds[2], bounds[3]],
        fitBoundsOptions: { padding },
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        touchPitch: false,
        maxZoom: 16,
        renderWorldCopies: false,
        fadeDuration: 0,
        locale: { "Map.Title": t("map.title") },
      });
    } catch {
      tell.current.onLost(); // no WebGL after all: the plain map takes over
      return undefined;
    }
    held.current = map;
    map.touchZoomRotate.disableRotation();
    const look = (): void => {
      const { clientWidth: width, clientHeight: height } = container;
      const seen = map.getBounds();
      tell.current.onView(
        {
          width,
          height,
          zoom: map.getZoom(),
          project: (longitude, latitude) => {
            const at = map.project([longitude, latitude]);
            return [at.x, at.y];
          },
          bounds: [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()],
        },
        {
          zoomBy: (step) => {
            chosen = true;
            map.easeTo({ zoom: map.getZoom() + step, duration: 120 });
          },
          showAt: (longitude, latitude, zoom) => {
            chosen = true;
            map.easeTo({ center: [longitude, latitude], zoom, duration: 120 });
          },
          home: () => {
            chosen = false;
            frame();
          },
        },
      );
    };
    // In another room the county fills that one, until somebody has chosen what to look at.
    let chosen = false;
    const frame = (): void => void map.fitBounds([bounds[0], bounds[1], bounds[2], bounds[3]], { padding, duration: 0 });
    map.on("move", look);
    map.on("movestart", (event) => {
      chosen ||= (event as { originalEvent?: unknown }).originalEvent !== undefined;
    });
    map.on("resize", () => {
      if (!chosen) frame();
      look();
    });
    map.on("webglcontextlost", () => tell.current.onLost());
    look();
    return () => {
      held.current = null;
      map.remove();
    };
    // A change of the county or its frame makes a new map; the tone and the lines only repaint it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [bounds, padding]);

  useEffect(() => {
    const map = held.current;
    if (!map) return;
    const source = map.getSource("county") as GeoJSONSource | undefined;
    if (source) map.setStyle(styleOf(tone, data, scale));
  }, [tone, data, scale]);

  return <div ref={box} className="map-gl" />;
}
