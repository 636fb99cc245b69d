import { useSyncExternalStore } from "react";

/**
 * The county's clock. Limits are the server's, so a wrong clock on this machine must not move them.
 * `performance` carries time between answers: setting the machine's clock changes nothing.
 */
const local = (): number => performance.timeOrigin + performance.now();

let offset = Date.now() - local();
let narrowest = Number.POSITIVE_INFINITY;
let takenAt = 0;

/** Teach the clock from one answer: `asked` and `answered` are `localNow()` around the request. */
export function teach(serverTime: string, asked: number, answered: number): void {
  const server = Date.parse(serverTime);
  if (Number.isNaN(server)) return;
  const width = answered - asked;
  const stale = answered - takenAt > 60_000;
  if (width > narrowest && !stale) return;
  narrowest = width;
  takenAt = answered;
  offset = server - (asked + answered) / 2;
}

/** How far the county is ahead of this device, ms; kept with what is read later without a line. */
export const skew = (): number => Math.round(serverNow() - Date.now());

/** The same, from what was kept: until the county answers nothing better is known. */
export function recall(kept: number): void {
  if (takenAt === 0) offset = Date.now() + kept - local();
}

export const localNow = local;
export const serverNow = (): number => local() + offset;

const listeners = new Set<() => void>();
let second = Math.floor(serverNow() / 1000) * 1000;
let timer: ReturnType<typeof setTimeout> | undefined;

function tick(): void {
  second = Math.floor(serverNow() / 1000) * 1000;
  listeners.forEach((listener) => listener());
  timer = setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) tick();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
  };
}

/** Server time in ms, whole seconds; everything on the page that shows time shares this one beat. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => second);
}
