import { useSyncExternalStore } from "react";

/**
 * The county's clock. Limits are the server's, so a wrong clock on this machine must not move them.
 * `performance` carries time between answers: setting the machine's clock changes nothing.
 */
const local = (): number => performance.timeOrigin + performance.now();

let offset = Date.now() - local();
/** County − this machine's own clock, as the last answer had it. */
let ahead = 0;
/** This machine's own clock − `local`: it changes by a sleep, or when the clock is set. */
const drift = (): number => Date.now() - local();
let driftThen = drift();
const SLEPT_MS = 2_000;
let narrowest = Number.POSITIVE_INFINITY;
let takenAt = 0;

/** Teach the clock from one answer: `asked` and `answered` are `localNow()` around the request. */
export function teach(serverTime: string, asked: number, answered: number): void {
  const server = Date.parse(serverTime);
  if (Number.isNaN(server)) return;
  const width = answered - asked;
  // `performance` stands still while the device sleeps: then what was taken before tells nothing.
  const slept = Math.abs(drift() - driftThen) > SLEPT_MS;
  const stale = slept || answered - takenAt > 60_000;
  if (width > narrowest && !stale) return;
  narrowest = width;
  takenAt = answered;
  offset = server - (asked + answered) / 2;
  driftThen = drift();
  ahead = offset - driftThen;
}

/** How far the county is ahead of this device, ms; kept with what is read later without a line. */
export const skew = (): number => Math.round(ahead);

/**
 * When something is done, ms of the county's clock, also after the device slept without a line since: by this
 * machine's own clock, which runs on in sleep, and what it was off by at the last answer.
 */
export const doneNow = (): number => Date.now() + skew();

/** The same, from what was kept: until the county answers nothing better is known. */
export function recall(kept: number): void {
  if (takenAt > 0) return;
  ahead = kept;
  offset = Date.now() + kept - local();
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
