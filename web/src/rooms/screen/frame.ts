import { useSyncExternalStore } from "react";

/** How large a pixel of the 1920×1080 drawing is here, and how its parts lie. Pure but for the hook. */
export type Arrangement = "wall" | "double" | "stack";

export function arrangement(width: number, height: number): Arrangement {
  if (width < 1000) return "stack";
  return width / height >= 2.6 ? "double" : "wall";
}

/** 1 on a wall of 1920×1080, 2 on 4K; never so small that words of 20 px fall below 13. */
export function unit(width: number, height: number): number {
  const how = arrangement(width, height);
  if (how === "stack") return 0.74;
  const wide = how === "double" ? width / 3840 : width / 1920;
  return Math.max(0.66, Math.min(wide, height / 1080));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("resize", listener);
  return () => window.removeEventListener("resize", listener);
}

export function useFrame(): { how: Arrangement; u: number } {
  const key = useSyncExternalStore(subscribe, () => `${window.innerWidth}x${window.innerHeight}`);
  const [width = 0, height = 0] = key.split("x").map(Number);
  return { how: arrangement(width, height), u: unit(width, height) };
}
