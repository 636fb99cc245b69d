import type { ScreenNow, Status } from "../../api/types";
import type { Arrangement } from "./frame";

/** How a wall turns its pages: what the address asks for, which page stands, and what keeps it from turning. All pure. */
export const PAGES = ["now", "map", "warnings", "answers", "townships", "trend"] as const;
export type WallPage = (typeof PAGES)[number];
export type Show = "all" | "map" | "lists";

export interface Settings {
  kiosk: boolean;
  /** Seconds a page stands; 0: pages do not turn on their own. */
  every: number;
  pages: readonly WallPage[];
  /** Those that may be chosen beside what is happening. */
  offered: readonly WallPage[];
  show: Show;
  /** Words of the address nobody knows here, so that it can be said. */
  strange: readonly string[];
}

/** A kiosk nobody set otherwise turns so often, s. */
export const EVERY_S = 30;
const SHORTEST_S = 5;
const LONGEST_S = 3_600;

const isPage = (word: string): word is WallPage => (PAGES as readonly string[]).includes(word);

/** `?kiosk`, `?every=20`, `?pages=map,trend`, `?show=map` or `lists`. What is no number or page is told, not obeyed. `shut`: pages there are not here. */
export function settingsOf(search: URLSearchParams, how: Arrangement, shut: readonly WallPage[] = []): Settings {
  const kiosk = search.has("kiosk");
  const strange: string[] = [];
  const asked = search.get("show") ?? "all";
  const known = asked === "all" || asked === "map" || asked === "lists";
  if (!known) strange.push(`show=${asked}`);
  const show: Show = known ? asked : "all";
  const seconds = search.get("every");
  let every = kiosk ? EVERY_S : 0;
  if (seconds !== null) {
    if (/^\d{1,5}$/.test(seconds)) every = Number(seconds) === 0 ? 0 : Math.min(LONGEST_S, Math.max(SHORTEST_S, Number(seconds)));
    else strange.push(`every=${seconds}`);
  }
  const words = (search.get("pages") ?? "").split(",").filter((word) => word !== "");
  strange.push(...words.filter((word) => !isPage(word)));
  const wanted = words.some(isPage) ? words : PAGES;
  // A map that has a wall of its own is no page; where only the map is shown, or on a phone, nothing turns.
  const alone = show === "map" || how === "stack";
  const beside = show === "lists" || how === "double";
  const offered = PAGES.filter((page) => page !== "now" && !shut.includes(page) && !alone && !(beside && page === "map"));
  const pages: WallPage[] = ["now", ...offered.filter((page) => wanted.includes(page))];
  return { kiosk, every: pages.length > 1 ? every : 0, pages, offered, show, strange };
}

/**
 * What keeps the wall at what is happening: each danger nobody has answered, of the weather as well, each alarm nobody
 * has heard, people not yet out, and whatever makes the figures old, or is not known. Empty: the wall may turn.
 */
export function holds(now: ScreenNow | undefined, status: Status | undefined, lost: boolean): readonly string[] {
  if (!now) return ["unknown"];
  const found = [
    ...now.alarms.map((one) => `alarm:${one.id}:${one.level}`),
    ...[...now.rows, ...(now.worst ? [now.worst] : [])].filter((one) => one.level >= 3 && (one.state === "calling" || one.answered < one.called)).map((one) => `open:${one.id}:${one.level}`),
    ...now.weather.filter((one) => one.state === "active" && one.level >= 3 && (one.townships_waiting.length > 0 || one.county_answered === false)).map((one) => `weather:${one.id}:${one.level}`),
    ...now.evacuations.filter((one) => one.state === "going").map((one) => `out:${one.id}`),
    ...(status?.watching.ok === true ? [] : ["watch"]),
    ...(lost ? ["line"] : []),
  ];
  return [...new Set(found)].sort();
}

export interface Turning {
  page: WallPage;
  /** Since when it stands, and until when nobody turns it because somebody is at the wall; ms of one running clock. */
  since: number;
  rest: number;
  /** Stopped by hand, until it is let go by hand. */
  stopped: boolean;
  held: readonly string[];
}

export type Turn = { do: "beat" | "touch" | "stop" } | { do: "go"; page: WallPage } | { do: "step"; by: 1 | -1 };

/** Somebody who moves the pointer or presses a key is given so long after the last of it, ms. */
export const TOUCH_MS = 30_000;
/** A page chosen by hand stands so long at least. */
export const CHOSEN_MS = 60_000;

export const BEGIN: Turning = { page: "now", since: 0, rest: 0, stopped: false, held: [] };

export interface Told {
  now: number;
  pages: readonly WallPage[];
  every: number;
  held: readonly string[];
}

function chosen(state: Turning, page: WallPage, now: number): Turning {
  return { ...state, page, since: now, rest: Math.max(state.rest, now + CHOSEN_MS) };
}

function beyond(page: WallPage, by: number, pages: readonly WallPage[]): WallPage {
  const at = Math.max(0, pages.indexOf(page));
  return pages[(at + by + pages.length) % pages.length] ?? "now";
}

/** The next state. A hold that was not there before brings the wall back to what is happening at once, whatever was chosen. */
export function turned(before: Turning, turn: Turn, { now, pages, every, held }: Told): Turning {
  const fresh = held.some((one) => !before.held.includes(one));
  const state: Turning = fresh ? { ...before, held, page: "now", since: now, rest: 0 } : { ...before, held };
  switch (turn.do) {
    case "go":
      return pages.includes(turn.page) ? chosen(state, turn.page, now) : state;
    case "step":
      return chosen(state, beyond(state.page, turn.by, pages), now);
    case "touch":
      return { ...state, rest: Math.max(state.rest, now + TOUCH_MS) };
    case "stop":
      return { ...state, stopped: !state.stopped, since: now, rest: 0 };
    case "beat":
      return beat(state, { now, pages, every, held });
  }
}

function beat(state: Turning, { now, pages, every, held }: Told): Turning {
  if (!pages.includes(state.page)) return { ...state, page: "now", since: now };
  if (now < state.rest) return state;
  // Held: back to what is happening, and a page's whole time from when it ends.
  if (held.length > 0) return { ...state, page: "now", since: now };
  if (state.stopped || every === 0 || now - state.since < every * 1000) return state;
  return { ...state, page: beyond(state.page, 1, pages), since: now };
}

/** What holds the wall because nobody knows how things stand; all else is danger, and is said so. */
const BLIND = ["line", "unknown", "watch"];

/** Why no page turns now, in the order in which it is said; null while they turn. */
export function still(state: Turning, told: Pick<Told, "now" | "every" | "held">): "held" | "blind" | "stopped" | "rest" | "off" | null {
  if (told.held.length > 0) return told.held.every((one) => BLIND.includes(one)) ? "blind" : "held";
  if (told.every === 0) return "off";
  if (state.stopped) return "stopped";
  return told.now < state.rest ? "rest" : null;
}
