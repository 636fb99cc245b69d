import { useEffect, useMemo, useRef, useState, type PointerEvent, type ReactNode } from "react";
import type { View } from "./layout";
import { fit, viewOf, type Camera } from "./mercator";
import type { BaseProps } from "./SiteMap";

/** The same map in SVG, for a browser without WebGL and while the other one is on its way. */
export function PlainMap({ data, bounds, scale, padding, onView }: BaseProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [camera, setCamera] = useState<Camera | null>(null);
  const drag = useRef<{ x: number; y: number } | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const now = useMemo(() => camera ?? fit(bounds, size.width, size.height, padding), [camera, bounds, size, padding]);
  const view = useMemo(() => viewOf(now, size.width, size.height), [now, size]);
  useEffect(() => {
    if (size.width === 0) return;
    onView(view, {
      zoomBy: (step) => setCamera({ ...now, zoom: Math.min(16, Math.max(1, now.zoom + step)) }),
      showAt: (longitude, latitude, zoom) => setCamera({ longitude, latitude, zoom }),
      home: () => setCamera(null),
    });
  }, [view, now, size.width, onView]);
  const moved = (event: PointerEvent): void => {
    if (!drag.current || event.buttons === 0) return;
    const scale = 512 * 2 ** now.zoom;
    const longitude = now.longitude - ((event.clientX - drag.current.x) / scale) * 360;
    const narrow = Math.cos((now.latitude * Math.PI) / 180);
    const latitude = now.latitude + ((event.clientY - drag.current.y) / scale) * 360 * narrow;
    drag.current = { x: event.clientX, y: event.clientY };
    setCamera({ ...now, longitude, latitude });
  };
  return (
    <div
      ref={box}
      className="map-plain"
      onPointerDown={(event) => (drag.current = { x: event.clientX, y: event.clientY })}
      onPointerMove={moved}
      onPointerUp={() => (drag.current = null)}
    >
      <svg width={size.width} height={size.height} aria-hidden>
        {size.width > 0 &&
          (["neighbour", "county", "territory"] as const).map((kind) => (
            <g key={kind} className={`map-${kind}`} style={{ strokeWidth: scale * (kind === "county" ? 1.8 : 1) }}>
              {data.features
                .filter((feature) => feature.properties.kind === kind)
                .map((feature) => (
                  <path key={feature.id} d={pathOf(feature.geometry, view)} />
                ))}
            </g>
          ))}
      </svg>
    </div>
  );
}

function pathOf(geometry: Record<string, unknown>, view: View): string {
  const polygons = geometry.coordinates as [number, number][][][];
  return polygons
    .flat()
    .map((ring) => `M${ring.map(([x, y]) => view.project(x, y).map((n) => n.toFixed(1)).join(",")).join("L")}Z`)
    .join("");
}
