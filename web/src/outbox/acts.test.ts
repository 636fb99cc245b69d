import "fake-indexeddb/auto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { actStore, Acts, type Act, type ActStore, type Deed } from "./acts";

const deed = (note: string): Deed => ({ verb: "duty.done", body: { note } });

/** A store as a device has it, and a county that answers what it is told to. */
function world(answers: (act: Act) => unknown, full = false): { store: ActStore; send: (act: Act) => Promise<unknown>; sent: (act: Act) => void; tell: () => void; next: () => number; disk: Map<string, Act>; tried: Act[]; told: Act[] } {
  const disk = new Map<string, Act>();
  const tried: Act[] = [];
  const told: Act[] = [];
  let order = 0;
  return {
    disk,
    tried,
    told,
    store: {
      of: (user) => Promise.resolve([...disk.values()].filter((act) => act.user === user)),
      has: (key) => Promise.resolve(disk.has(key)),
      put: (act) => (full ? Promise.reject(new Error("full")) : Promise.resolve(void disk.set(act.key, act))),
      drop: (key) => Promise.resolve(void disk.delete(key)),
      clear: (user) => Promise.resolve(void [...disk.values()].filter((act) => act.user === user).forEach((act) => disk.delete(act.key))),
    },
    send: async (act) => {
      tried.push(act);
      const answer = answers(act);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    sent: (act) => told.push(act),
    tell: () => undefined,
    next: () => (order += 1),
  };
}

afterEach(() => vi.useRealTimers());

describe("acts on a device", () => {
  it("are sent although the disk does not answer, and lie there once it does", async () => {
    vi.useFakeTimers();
    let answer: unknown = { state: "done" };
    const to = world(() => answer);
    let writes: (() => void)[] = [];
    const put = to.store.put;
    to.store.put = (act) => new Promise<void>((resolve) => writes.push(resolve)).then(() => put(act));
    to.store.of = () => new Promise<Act[]>(() => undefined);
    const acts = new Acts(to);
    const signed = acts.become(7);
    await vi.advanceTimersByTimeAsync(2_100);
    await signed;
    const sent = acts.add(7, 3, "x", deed("a"));
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await sent).toEqual({ state: "done" });
    writes.forEach((write) => write());
    writes = [];
    await vi.advanceTimersByTimeAsync(0);
    expect(to.disk.size).toBe(0);
    answer = new Problem(0, "");
    const held = acts.add(7, 3, "x", deed("b"));
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await held).toBeNull();
    expect(acts.items()[0]?.kept).toBe(false);
    writes.forEach((write) => write());
    await vi.advanceTimersByTimeAsync(0);
    expect([acts.items()[0]?.kept, to.disk.size]).toEqual([true, 1]);
    await acts.become(null);
  });

  it("that lie on a disk that answers late, or fails at first, are sent once it has said so", async () => {
    vi.useFakeTimers();
    const to = world(() => ({}));
    const left: Act = { key: "k".repeat(32), user: 7, subject: 3, about: "x", deed: deed("from before"), at: 1_000 };
    const of = to.store.of;
    let asked = 0;
    to.store.of = async (user) => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return of(user);
    };
    to.disk.set(left.key, left);
    const acts = new Acts(to);
    void acts.become(7);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(to.tried).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect([to.tried.map((act) => act.deed.body.note), to.disk.size]).toEqual([["from before"], 0]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).toBeLessThan(5); // and not again and again
    await acts.become(null);

    let fails = true;
    to.store.of = (user) => (fails ? Promise.reject(new Error("another window holds an older store")) : of(user));
    to.disk.set(left.key, left);
    const anew = new Acts(to);
    await anew.become(7);
    await vi.advanceTimersByTimeAsync(100_000);
    expect([await anew.lying(7), to.tried.length]).toEqual([null, 1]);
    fails = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([to.tried.length, to.disk.size]).toEqual([2, 0]);
    await anew.become(null);
  });

  it("go out as they were done, also where the clock was set between them or an older page kept some", async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 6, 21, 6) });
    let answer: unknown = new Problem(0, "");
    const to = world(() => answer);
    const acts = new Acts(to);
    await acts.become(7);
    await acts.add(7, 3, "x", deed("first"));
    vi.setSystemTime(Date.UTC(1970, 0, 2));
    await acts.add(7, 4, "y", deed("second"));
    await acts.become(null);
    to.disk.set("old", { key: "old", user: 7, subject: 5, about: "z", deed: deed("older page"), at: Date.UTC(2026, 6, 21, 5) });
    to.tried.length = 0;
    answer = {};
    const anew = new Acts(to);
    await anew.become(7);
    await vi.waitFor(() => expect(to.tried).toHaveLength(3));
    expect(to.tried.map((act) => act.deed.body.note)).toEqual(["older page", "first", "second"]);
    await anew.become(null);
  });

  it("done while one at the same thing is on its way go out after it", async () => {
    const to = world((act) => (act.deed.body.note === "refused" ? new Problem(409, "") : {}));
    const send = to.send;
    let arrives: () => void = () => undefined;
    to.send = async (act) => {
      if (act.deed.body.note !== "after") await new Promise<void>((resolve) => (arrives = resolve));
      return send(act);
    };
    const acts = new Acts(to);
    await acts.become(7);
    for (const first of ["taken", "refused"]) {
      to.tried.length = 0;
      const going = acts.add(7, 3, "x", deed(first)).catch(() => "told");
      await vi.waitFor(() => expect(acts.items()[0]?.phase).toBe("sending"));
      expect(await acts.add(7, 3, "x", deed("after"))).toBeNull();
      expect(await acts.add(7, 4, "y", deed("after"))).toEqual({});
      await acts.flush();
      expect(to.tried.map((act) => act.subject)).toEqual([4]);
      arrives();
      await going;
      await vi.waitFor(() => expect(to.tried.map((act) => act.deed.body.note)).toEqual(["after", first, "after"]));
      await vi.waitFor(() => expect(acts.items()).toEqual([]));
    }
    await acts.become(null);
  });

  it("are refused by a store an older window holds, and taken when it lets go", async () => {
    const old = await new Promise<IDBDatabase>((resolve) => {
      const asked = indexedDB.open("shoutu.outbox", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("photographs", { keyPath: "key" }).createIndex("user", "user");
      asked.onsuccess = () => resolve(asked.result);
    });
    const store = actStore();
    await expect(store.of(7)).rejects.toThrow("older");
    await expect(store.of(7)).rejects.toThrow("older");
    old.close();
    await vi.waitFor(async () => expect(await store.of(7)).toEqual([]));
    const act: Act = { key: "k".repeat(32), user: 7, subject: 3, about: "x", deed: deed("a"), at: 1_000 };
    await store.put(act);
    expect(await store.of(7)).toEqual([act]);
    await store.clear(7);
  });

  it("are on its disk before they are sent, and gone with the county's answer", async () => {
    let lay = 0;
    let late: boolean | undefined;
    const to = world(() => ((lay = to.disk.size), (late = acts.items()[0]?.late), { state: "done" }));
    const acts = new Acts(to);
    await acts.become(7);
    expect(await acts.add(7, 3, "x", deed("a"))).toEqual({ state: "done" });
    expect([lay, late]).toEqual([1, false]);
    expect(to.disk.size).toBe(0);
    expect(acts.items()).toEqual([]);
  });

  it("wait without a line, keep their key and their time, and are told when they have come", async () => {
    let line = false;
    const to = world(() => (line ? {} : new Problem(0, "")));
    const acts = new Acts(to);
    await acts.become(7);
    expect(await acts.add(7, 3, "x", deed("a"))).toBeNull();
    expect(acts.items()[0]?.phase).toBe("waiting");
    expect(to.disk.size).toBe(1);
    line = true;
    await acts.flush();
    expect(new Set(to.tried.map((act) => `${act.key} ${act.at}`)).size).toBe(1);
    expect(to.told.map((act) => act.subject)).toEqual([3]);
    expect(to.disk.size).toBe(0);
    await acts.become(null);
  });

  it("are there again when the page is opened anew, and only for their own", async () => {
    const to = world(() => new Problem(0, ""));
    const first = new Acts(to);
    await first.become(7);
    await first.add(7, 3, "x", deed("a"));
    await first.become(null);
    const second = new Acts(to);
    await second.become(8);
    expect(second.items()).toEqual([]);
    await second.become(7);
    expect(second.items().map((one) => one.act.deed.body.note)).toEqual(["a"]);
    await second.clear(7);
    expect(to.disk.size).toBe(0);
  });

  it("of one thing go in the order they were done", async () => {
    let line = false;
    const to = world(() => (line ? {} : new Problem(0, "")));
    const acts = new Acts(to);
    await acts.become(7);
    await acts.add(7, 3, "x", deed("first"));
    await acts.add(7, 3, "x", deed("second"));
    expect(acts.items().map((one) => one.late)).toEqual([true, true]);
    await vi.waitFor(() => expect(acts.items().every((one) => one.phase === "waiting")).toBe(true));
    const anew = new Acts(to);
    await anew.become(7);
    expect(anew.items().map((one) => one.late)).toEqual([true, true]);
    await anew.become(null);
    line = true;
    to.tried.length = 0;
    await acts.again();
    await vi.waitFor(() => expect(to.tried.map((act) => act.deed.body.note)).toEqual(["first", "second"]));
    await acts.become(null);
  });

  it("that the county fails at hold up nothing but what was done after them at the same thing", async () => {
    let line = false;
    const to = world((act) => (!line ? new Problem(0, "") : act.deed.body.note === "bad" ? new Problem(500, "") : {}));
    const acts = new Acts(to);
    await acts.become(7);
    await acts.add(7, 3, "x", deed("bad"));
    await acts.add(7, 3, "x", deed("after it"));
    await acts.add(7, 4, "y", deed("another"));
    await acts.add(7, 3, "z", { verb: "warning.feedback", body: { note: "a warning of that number" } });
    line = true;
    await acts.flush();
    expect(acts.items().map((one) => [one.act.deed.body.note, one.phase])).toEqual([
      ["bad", "waiting"],
      ["after it", "waiting"],
    ]);
    line = false;
    await acts.add(7, 4, "y", deed("one more"));
    to.tried.length = 0;
    await acts.flush();
    expect(to.tried.map((act) => act.deed.body.note)).toEqual(["bad"]);
    await acts.become(null);
  });

  it("of one person are one heap in all windows: none sends what another has sent or let go of", async () => {
    let line = false;
    const to = world(() => (line ? {} : new Problem(0, "")));
    const [one, other] = [new Acts(to), new Acts(to)];
    await one.become(7);
    await other.become(7);
    to.tell = () => void other.load();
    await one.add(7, 3, "x", deed("let go of"));
    await one.add(7, 4, "y", deed("sent"));
    await vi.waitFor(() => expect(other.items().length).toBe(2));
    to.tell = () => undefined; // the other is not told in time
    await one.discard(one.items()[0]?.act.key ?? "");
    line = true;
    to.tried.length = 0;
    await other.flush();
    expect(to.tried.map((act) => act.deed.body.note)).toEqual(["sent"]);
    expect([other.items(), to.disk.size]).toEqual([[], 0]);
    await one.load();
    expect(one.items()).toEqual([]);
    line = false;
    await one.add(7, 3, "x", deed("b"));
    const nobody = new Acts(to);
    expect((await nobody.lying(7))?.map((act) => act.deed.body.note)).toEqual(["b"]);
    await one.clear(7);
    expect(await nobody.lying(7)).toEqual([]);
    await other.become(null);
  });

  it("refused at once are the form's to show; refused later stay in sight with the reason until let go", async () => {
    let answer: Error = new Problem(409, "taken");
    const to = world(() => answer);
    const acts = new Acts(to);
    await acts.become(7);
    await expect(acts.add(7, 3, "x", deed("a"))).rejects.toBe(answer);
    expect(acts.items()).toEqual([]);
    answer = new Problem(0, "");
    await acts.add(7, 3, "x", deed("b"));
    answer = new Problem(409, "taken");
    await acts.flush();
    expect(acts.items().map((one) => [one.phase, one.error])).toEqual([["refused", answer]]);
    expect(to.disk.size).toBe(1);
    // Not again by itself: neither with the rest, nor after the page was opened anew.
    await acts.again();
    await acts.become(null);
    const anew = new Acts(to);
    const tries = to.tried.length;
    await anew.become(7);
    await anew.again();
    expect(anew.items().map((one) => [one.phase, one.error])).toEqual([["refused", answer]]);
    expect(to.tried.length).toBe(tries);
    await acts.become(7);
    answer = new Problem(0, "");
    await acts.resend(acts.items()[0]?.act.key ?? "");
    expect([acts.items()[0]?.phase, [...to.disk.values()][0]?.refused, to.tried.length]).toEqual(["waiting", undefined, tries + 1]);
    await anew.become(null);
    await acts.discard(acts.items()[0]?.act.key ?? "");
    expect(to.disk.size).toBe(0);
    await acts.become(null);
  });

  it("of another wait for their own to sign in", async () => {
    const to = world(() => new Problem(409, "", null, null, "act.other_user"));
    const acts = new Acts(to);
    await acts.become(7);
    expect(await acts.add(7, 3, "x", deed("a"))).toBeNull();
    expect(acts.items()[0]?.phase).toBe("waiting");
    await acts.become(null);
  });

  it("go through where the device has no room, and say that they are lost with the page", async () => {
    const to = world(() => new Problem(0, ""), true);
    const acts = new Acts(to);
    await acts.become(7);
    await acts.add(7, 3, "x", deed("a"));
    expect(acts.items()[0]?.kept).toBe(false);
    await acts.become(null);
  });
});
