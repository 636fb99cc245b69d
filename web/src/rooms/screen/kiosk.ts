import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { renew } from "../../bundles";
import { liesReady, takeNew } from "../../phone/build";

/** What a wall asks of its browser: the whole screen, kept lit, no cursor, and a new build taken up when all is quiet. */
const IDLE_MS = 5_000;
/** How often the county is asked whether it has another build, and how long all must have been quiet before it is taken. */
const BUILD_MS = 5 * 60_000;
const QUIET_MS = 60_000;

/** Browsers send moves of a pointer that lies still when what is under it changes: a wall that turns must not hear those. */
const moved = (event: PointerEvent): boolean => event.type !== "pointermove" || event.movementX !== 0 || event.movementY !== 0;

/** Whether somebody is at the wall: a touch wakes it, and it falls asleep by itself. `onTouch` hears at most one a second. */
export function useAwake(onTouch: () => void): boolean {
  const [awake, setAwake] = useState(true);
  const told = useRef(onTouch);
  told.current = onTouch;
  useEffect(() => {
    let timer = setTimeout(() => setAwake(false), IDLE_MS);
    let last = 0;
    const touch = (event: Event): void => {
      if (event instanceof PointerEvent && !moved(event)) return;
      clearTimeout(timer);
      timer = setTimeout(() => setAwake(false), IDLE_MS);
      setAwake(true);
      const now = performance.now();
      if (now - last < 1_000) return;
      last = now;
      told.current();
    };
    const kinds = ["pointermove", "pointerdown", "wheel", "keydown"] as const;
    for (const kind of kinds) window.addEventListener(kind, touch, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const kind of kinds) window.removeEventListener(kind, touch);
    };
  }, []);
  return awake;
}

function onFullscreen(listener: () => void): () => void {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
}

/** Whether the page has the whole screen; null where the browser gives it to no page. */
export function useFullscreen(): boolean | null {
  const on = useSyncExternalStore(onFullscreen, () => document.fullscreenElement !== null);
  return document.fullscreenEnabled ? on : null;
}

/** Only from a press: no browser gives the whole screen unasked. */
export function switchFullscreen(): void {
  if (!document.fullscreenEnabled) return;
  const done = document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen();
  void done.catch(() => undefined);
}

/** Keeps the screen lit while `wanted`; says whether it does. Browsers give it over HTTPS only, and take it back from a hidden page. */
export function useLit(wanted: boolean): boolean {
  const [lit, setLit] = useState(false);
  useEffect(() => {
    if (!wanted || !("wakeLock" in navigator)) return undefined;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking || document.visibilityState !== "visible" || (lock !== null && !lock.released)) return;
      asking = true; // two at once would leave one that nobody gives back
      const given = await navigator.wakeLock.request("screen").finally(() => (asking = false));
      if (over) return void given.release();
      lock = given;
      setLit(true);
      given.addEventListener("release", () => setLit(false));
    };
    const look = (): void => void ask().catch(() => setLit(false));
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", look);
      void lock?.release();
      setLit(false);
    };
  }, [wanted]);
  return lit;
}

/** Takes up a new build of the county by itself, but only after a minute of quiet: a wall has nobody who presses. */
export function useRenewal(wanted: boolean, quiet: boolean): void {
  const since = useRef<number | null>(null);
  if (!quiet) since.current = null;
  else since.current ??= performance.now();
  useEffect(() => {
    if (!wanted) return undefined;
    const calm = (): boolean => since.current !== null && performance.now() - since.current >= QUIET_MS;
    const ask = (): void => {
      if (!calm()) return;
      // Over HTTPS the service worker holds it ready: loaded anew without it, the bar would go on asking for a press.
      if (liesReady()) takeNew();
      else void renew(calm).catch(() => false);
    };
    const timer = setInterval(ask, BUILD_MS);
    return () => clearInterval(timer);
  }, [wanted]);
}
