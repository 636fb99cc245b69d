import { describe, expect, it } from "vitest";
import type { ScreenNow, Status } from "../../api/types";
import { BEGIN, CHOSEN_MS, EVERY_S, holds, PAGES, settingsOf, still, TOUCH_MS, turned, type Told, type Turn, type Turning, type WallPage } from "./turning";

const asked = (query: string, how: "wall" | "double" | "stack" = "wall") => settingsOf(new URLSearchParams(query), how);

describe("what the address asks for", () => {
  it.each([
    ["", false, 0],
    ["kiosk", true, EVERY_S],
    ["kiosk&every=0", true, 0],
    ["every=20", false, 20],
    ["every=1", false, 5],
    ["every=99999", false, 3600],
    ["kiosk&every=soon", true, EVERY_S],
  ])("%s", (query, kiosk, every) => {
    expect(asked(query)).toMatchObject({ kiosk, every });
  });

  it("names pages in the order of the wall, what is happening always the first", () => {
    expect(asked("pages=trend,map").pages).toEqual(["now", "map", "trend"]);
    expect(asked("").pages).toEqual(PAGES);
    expect(asked("pages=nonsense")).toMatchObject({ pages: PAGES, strange: ["nonsense"] });
    expect(asked("show=left&every=x").strange).toEqual(["show=left", "every=x"]);
  });

  it("offers no page that is shut here", () => {
    const { pages, offered } = settingsOf(new URLSearchParams("pages=answers,map"), "wall", ["answers"]);
    expect(pages).toEqual(["now", "map"]);
    expect(offered).not.toContain("answers");
  });

  it("shows the map alone, or the lists beside it, and turns no map that has a wall of its own", () => {
    expect(asked("kiosk&show=map")).toMatchObject({ pages: ["now"], every: 0 });
    expect(asked("kiosk&show=lists").pages).not.toContain("map");
    expect(asked("kiosk", "double").pages).not.toContain("map");
    expect(asked("kiosk", "stack")).toMatchObject({ pages: ["now"], every: 0 });
  });
});

const pages: WallPage[] = ["now", "map", "trend"];
const told = (now: number, held: string[] = [], every = 10): Told => ({ now: now * 1000, pages, every, held });
function after(...steps: [Turn["do"] | Turn, Told][]): Turning {
  return steps.reduce<Turning>((state, [turn, how]) => turned(state, typeof turn === "string" ? ({ do: turn } as Turn) : turn, how), BEGIN);
}

describe("turning", () => {
  it("goes round, each page for its time", () => {
    let state = BEGIN;
    const seen: string[] = [];
    for (let second = 0; second <= 30; second += 1) {
      state = turned(state, { do: "beat" }, told(second));
      if (second % 5 === 0) seen.push(state.page);
    }
    expect(seen).toEqual(["now", "now", "map", "map", "trend", "trend", "now"]);
  });

  it("goes to what is happening at once when something is, also from a page chosen by hand", () => {
    const chosen = after([{ do: "go", page: "trend" }, told(5)]);
    expect(chosen.page).toBe("trend");
    expect(turned(chosen, { do: "beat" }, told(6, ["alarm:1:4"])).page).toBe("now");
  });

  it("stays there while it is held, and a whole time after", () => {
    const held = after(["beat", told(10)], ["beat", told(15, ["open:1:3"])], ["beat", told(500, ["open:1:3"])]);
    expect(held.page).toBe("now");
    const free = turned(held, { do: "beat" }, told(501));
    expect(free.page).toBe("now");
    expect(turned(free, { do: "beat" }, told(509)).page).toBe("now");
    expect(turned(free, { do: "beat" }, told(510)).page).toBe("map");
  });

  it("lets a person look elsewhere for a minute while it is held, until another danger comes", () => {
    const looking = after(["beat", told(1, ["open:1:4"])], [{ do: "step", by: 1 }, told(2, ["open:1:4"])]);
    expect(looking.page).toBe("map");
    expect(turned(looking, { do: "beat" }, told(30, ["open:1:4"])).page).toBe("map");
    expect(turned(looking, { do: "beat" }, told(2 + CHOSEN_MS / 1000, ["open:1:4"])).page).toBe("now");
    expect(turned(looking, { do: "beat" }, told(3, ["open:1:4", "open:2:3"])).page).toBe("now");
  });

  it("steps both ways round the end", () => {
    expect(after([{ do: "step", by: -1 }, told(0)]).page).toBe("trend");
    expect(after([{ do: "step", by: -1 }, told(0)], [{ do: "step", by: 1 }, told(1)]).page).toBe("now");
  });

  it("waits while somebody is at the wall, and goes on by itself", () => {
    const touched = after(["touch", told(9)]);
    expect(turned(touched, { do: "beat" }, told(20)).page).toBe("now");
    expect(still(touched, told(20))).toBe("rest");
    expect(still(touched, told(20, ["line", "open:1:4"]))).toBe("held");
    expect(still(touched, told(20, ["line", "watch"])), "a lost line is no danger").toBe("blind");
    expect(turned(touched, { do: "beat" }, told(9 + TOUCH_MS / 1000)).page).toBe("map");
  });

  it("stands stopped by hand until let go by hand, but never keeps a danger away", () => {
    const stopped = after([{ do: "go", page: "map" }, told(0)], ["stop", told(1)]);
    expect(turned(stopped, { do: "beat" }, told(9_999)).page).toBe("map");
    expect(turned(stopped, { do: "beat" }, told(9_999, ["alarm:7:4"])).page).toBe("now");
    const free = turned(stopped, { do: "stop" }, told(100));
    expect(turned(free, { do: "beat" }, told(110)).page).toBe("trend");
  });

  it("leaves a page that is no longer among them, and does not turn at all with 0", () => {
    const gone = { ...BEGIN, page: "answers" as const };
    expect(turned(gone, { do: "beat" }, told(1)).page).toBe("now");
    expect(turned(BEGIN, { do: "beat" }, told(9_999, [], 0)).page).toBe("now");
    expect(still(BEGIN, told(1, [], 0))).toBe("off");
  });
});

describe("what holds the wall", () => {
  const quiet = { alarms: [], rows: [], worst: null, evacuations: [], weather: [] } as unknown as ScreenNow;
  const watching = { watching: { ok: true } } as unknown as Status;
  const danger = { id: 3, level: 4, state: "calling", called: 2, answered: 0 };

  const storm = { id: 5, level: 4, state: "active", townships_waiting: [], county_answered: null };

  it("is nothing on a quiet day", () => expect(holds(quiet, watching, false)).toEqual([]));

  it.each<[string, object]>([
    ["an alarm nobody has heard", { alarms: [{ id: 1, level: 3 }] }],
    ["a red nobody has answered", { worst: danger, rows: [danger] }],
    ["an orange of which one called has not answered", { rows: [{ ...danger, level: 3, state: "verifying", answered: 1 }] }],
    ["a red storm a township has not answered", { weather: [{ ...storm, townships_waiting: ["甲乡"] }] }],
    ["an orange storm the county has not answered", { weather: [{ ...storm, level: 3, county_answered: false }] }],
    ["people not yet out", { evacuations: [{ id: 1, state: "going", missing: null }] }],
  ])("%s", (_, more) => expect(holds({ ...quiet, ...more } as ScreenNow, watching, false)).toHaveLength(1));

  it("is not a yellow, nor what is answered or over", () => {
    const rows = [{ ...danger, level: 2 }, { ...danger, state: "disposing", answered: 2 }];
    const weather = [storm, { ...storm, level: 2, townships_waiting: ["甲乡"] }, { ...storm, state: "ended", townships_waiting: ["甲乡"] }];
    expect(holds({ ...quiet, rows, weather } as unknown as ScreenNow, watching, false)).toEqual([]);
  });

  it("is what makes the figures old", () => {
    expect(holds(quiet, watching, true)).toEqual(["line"]);
    expect(holds(quiet, { watching: { ok: false } } as unknown as Status, false)).toEqual(["watch"]);
    expect(holds(undefined, watching, false)).not.toEqual([]);
    expect(holds(quiet, undefined, false)).toEqual(["watch"]);
  });
});
