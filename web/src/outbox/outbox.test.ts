import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { sha256Of } from "./hash";
import { Outbox, type Chosen } from "./outbox";
import type { Photograph } from "./photograph";
import type { Wire } from "./send";
import { deviceStore } from "./store";

const chosen: Chosen = { warning: 7, about: "W-7", origin: "camera", place: null, seen: 1_000 };

/** By the machine's own hand, not by the one that is tested. */
async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A photograph of so many bytes, no two alike. */
function file(name: string, size = 300_000): File {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + name.charCodeAt(0)) % 251;
  return new File([bytes], name, { type: "image/jpeg" });
}

/** The county as the outbox meets it: keeps bytes, seals what has the hash it was called by. Its line can be cut. */
class County {
  cut = 0; // the next so many requests do not get through
  pieces = new Map<string, Uint8Array<ArrayBuffer>>();
  sealed = new Set<string>();
  sent = 0;
  refuses: Problem | null = null;
  says: string | null = null; // another hash in the receipt
  async through(): Promise<void> {
    await Promise.resolve();
    if (this.cut > 0) {
      this.cut -= 1;
      throw new TypeError("Failed to fetch");
    }
    if (this.refuses) throw this.refuses;
  }
  wire: Wire = {
    ask: async ({ key, sha256 }) => {
      await this.through();
      return { received: this.pieces.get(key)?.length ?? 0, sealed: this.sealed.has(key) ? { sha256 } : null };
    },
    piece: async ({ key }, offset, piece) => {
      await this.through();
      const here = this.pieces.get(key) ?? new Uint8Array();
      expect(offset).toBe(here.length);
      const more = new Uint8Array(await piece.arrayBuffer());
      this.sent += more.length;
      const both = new Uint8Array(here.length + more.length);
      both.set(here);
      both.set(more, here.length);
      this.pieces.set(key, both);
      return { received: here.length + more.length };
    },
    seal: async ({ key, sha256 }) => {
      await this.through();
      const found = await digest(this.pieces.get(key) ?? new Uint8Array());
      if (found !== sha256) throw new Problem(409, "differs");
      this.sealed.add(key);
      return { sha256: this.says ?? found };
    },
  };
}

let county: County;
let signedIn: number;
let arrived: Photograph[];

function open(): Outbox {
  return new Outbox({ store: deviceStore(), wire: county.wire, who: async () => { await county.through(); return signedIn; }, sent: (one) => arrived.push(one), tell: () => undefined, alone: (run) => run() });
}

/** What lies on the device's disk, asked of it anew. */
async function onDisk(user = 1): Promise<string[]> {
  return (await deviceStore().of(user)).map((one) => one.name);
}

const settled = (outbox: Outbox): Promise<void> => vi.waitFor(() => expect(outbox.items().some((one) => one.phase === "sending")).toBe(false));

beforeEach(() => {
  county = new County();
  signedIn = 1;
  arrived = [];
});

afterEach(async () => {
  for (const user of [1, 2]) await deviceStore().clear(user);
});

it("hashes as everybody does", async () => {
  const one = file("a.jpg", 2_500_000);
  expect(await sha256Of(one)).toBe(await digest(new Uint8Array(await one.arrayBuffer())));
});

it("lets go of a photograph only with a receipt for the same hash", async () => {
  const outbox = open();
  await outbox.become(1);
  await outbox.add([file("a.jpg")], chosen);
  await vi.waitFor(() => expect(arrived.map((one) => one.name)).toEqual(["a.jpg"]));
  expect(await onDisk()).toEqual([]);
  county.says = "0".repeat(64);
  const ask = county.wire.ask;
  county.wire.ask = async (one) => ({ ...(await ask(one)), sealed: null });
  await outbox.add([file("b.jpg")], chosen);
  await vi.waitFor(() => expect(outbox.items()[0]).toMatchObject({ phase: "refused", error: { code: "hash.differs" } }));
  expect(await onDisk()).toEqual(["b.jpg"]);
});

it("keeps a photograph of a warning whose number is another's by now, and does not send it again by itself", async () => {
  const outbox = open();
  await outbox.become(1);
  const told: (string | undefined)[] = [];
  county.wire.seal = async ({ opened }) => {
    told.push(opened);
    throw new Problem(409, "没有记录", null, null, "act.overtaken");
  };
  await outbox.add([file("a.jpg")], { ...chosen, opened: "2026-07-21T06:00:00.000Z" });
  await vi.waitFor(() => expect(outbox.items()[0]).toMatchObject({ phase: "refused", error: { message: "没有记录" } }));
  expect([told, await onDisk()]).toEqual([["2026-07-21T06:00:00.000Z"], ["a.jpg"]]);
});

it("keeps what did not get through over the end of the page, and sends it from where the line broke", async () => {
  const before = open();
  await before.become(1);
  const through = county.wire.piece;
  let n = 0;
  county.wire.piece = async (...told) => {
    n += 1;
    if (n === 2) throw new TypeError("Failed to fetch");
    return through(...told);
  };
  await before.add([file("a.jpg", 3_000_000)], chosen);
  await vi.waitFor(() => expect(before.items()[0]).toMatchObject({ phase: "waiting", kept: true, error: expect.any(TypeError) }));
  expect(await onDisk()).toEqual(["a.jpg"]);
  const half = county.sent;
  expect(half).toBeGreaterThan(0);
  const after = open(); // the page anew
  await after.become(1);
  await vi.waitFor(() => expect(arrived).toHaveLength(1));
  expect(county.sent).toBe(3_000_000);
  expect(await onDisk()).toEqual([]);
  expect(after.items()).toEqual([]);
});

it("sends the others though one is refused, and tries that one again only when asked", async () => {
  const outbox = open();
  await outbox.become(1);
  const ask = county.wire.ask;
  county.wire.ask = async (one) => {
    if (one.name === "b.jpg") throw new Problem(422, "no photograph");
    return ask(one);
  };
  await outbox.add([file("a.jpg"), file("b.jpg"), file("c.jpg")], chosen);
  await vi.waitFor(() => expect(arrived.map((one) => one.name)).toEqual(["a.jpg", "c.jpg"]));
  expect(outbox.items().map((one) => [one.photograph.name, one.phase])).toEqual([["b.jpg", "refused"]]);
  expect(await onDisk()).toEqual(["b.jpg"]);
  county.wire.ask = ask;
  await outbox.again();
  expect(arrived).toHaveLength(3);
});

it("leaves what was refused refused when the page is opened anew, with why, until its person sends or drops it", async () => {
  const outbox = open();
  await outbox.become(1);
  let asked = 0;
  county.wire.ask = () => {
    asked += 1;
    return Promise.reject(new Problem(422, "no photograph", null, null, "evidence.format"));
  };
  await outbox.add([file("a.jpg"), file("b.jpg")], chosen);
  await vi.waitFor(() => expect(outbox.items().map((one) => one.phase)).toEqual(["refused", "refused"]));
  await vi.waitFor(async () => expect((await deviceStore().of(1)).filter((one) => one.refused !== undefined)).toHaveLength(2));
  const reopened = open();
  await reopened.become(1);
  await reopened.flush();
  expect(asked).toBe(2);
  const [first, second] = ["a.jpg", "b.jpg"].map((name) => reopened.items().find((one) => one.photograph.name === name));
  for (const one of [first, second]) expect(one).toMatchObject({ phase: "refused", error: { status: 422, message: "no photograph", code: "evidence.format" } });
  await reopened.resend(second?.photograph.key ?? "");
  await vi.waitFor(() => expect(asked).toBe(3));
  await settled(reopened);
  await reopened.discard(first?.photograph.key ?? "");
  expect(await onDisk()).toEqual(["b.jpg"]);
  expect(reopened.items()).toMatchObject([{ photograph: { name: "b.jpg" }, phase: "refused" }]);
});

it("comes again by itself when the line was down", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const outbox = open();
    await outbox.become(1);
    county.cut = 1;
    await outbox.add([file("a.jpg")], chosen);
    while (outbox.items()[0]?.error === null) await digest(new Uint8Array(8));
    expect(outbox.items()[0]).toMatchObject({ phase: "waiting" });
    expect(arrived).toHaveLength(0);
    for (let i = 0; i < 600 && arrived.length === 0; i += 1) {
      await vi.advanceTimersByTimeAsync(100);
      await digest(new Uint8Array(8)); // the disk and the hash take their time outside this clock
    }
    expect(arrived).toHaveLength(1);
    expect(county.sent).toBe(300_000);
  } finally {
    vi.useRealTimers();
  }
});

it("asks a disk again that failed at first, and sends what lies there", async () => {
  const store = deviceStore();
  await store.put({ ...chosen, place: null, key: "1:7:x", user: 1, name: "left.jpg", size: 3, sha256: await digest(new Uint8Array([1, 2, 3])), blob: new Blob([new Uint8Array([1, 2, 3])]) });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    let fails = true;
    const of: typeof store.of = (user) => (fails ? Promise.reject(new Error("another window holds an older store")) : store.of(user));
    const outbox = new Outbox({ store: { ...store, of }, wire: county.wire, who: async () => { await county.through(); return signedIn; }, sent: (one) => arrived.push(one), tell: () => undefined, alone: (run) => run() });
    await outbox.become(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect([await outbox.lying(1), arrived]).toEqual([null, []]);
    fails = false;
    for (let i = 0; i < 700 && arrived.length === 0; i += 1) {
      await vi.advanceTimersByTimeAsync(100);
      await digest(new Uint8Array(8)); // the disk and the hash take their time outside this clock
    }
    expect(arrived.map((one) => one.name)).toEqual(["left.jpg"]);
    await outbox.become(null);
  } finally {
    vi.useRealTimers();
  }
});

it("never sends one user's photographs as another's", async () => {
  const outbox = open();
  await outbox.become(1);
  signedIn = 2; // in another window
  await outbox.add([file("a.jpg")], chosen);
  await vi.waitFor(() => expect(outbox.items()[0]).toMatchObject({ phase: "waiting", error: { status: 401 } }));
  expect(county.sent).toBe(0);
  await outbox.become(2);
  expect(outbox.items()).toEqual([]);
  await settled(outbox);
  expect(county.sent).toBe(0);
  expect(await onDisk(1)).toEqual(["a.jpg"]);
});

it("holds the same picture once, and clears only its user's on leaving", async () => {
  await deviceStore().put({ ...chosen, place: null, key: "2:7:x", user: 2, name: "other.jpg", size: 1, sha256: "x", blob: new Blob(["x"]) });
  const outbox = open();
  await outbox.become(1);
  county.refuses = new Problem(503, "busy");
  await outbox.add([file("a.jpg"), file("a.jpg")], chosen);
  expect(outbox.items()).toHaveLength(1);
  await settled(outbox);
  await outbox.clear(1);
  expect(outbox.items()).toEqual([]);
  expect(await onDisk(1)).toEqual([]);
  expect(await onDisk(2)).toEqual(["other.jpg"]);
});

it("says so where the device has no room, and sends it all the same", async () => {
  const full = { ...deviceStore(), put: () => Promise.reject(new DOMException("full", "QuotaExceededError")) };
  county.cut = 1;
  const outbox = new Outbox({ store: full, wire: county.wire, who: async () => { await county.through(); return 1; }, sent: (one) => arrived.push(one), tell: () => undefined, alone: (run) => run() });
  await outbox.become(1);
  await outbox.add([file("a.jpg")], chosen);
  expect(outbox.items()[0]?.kept).toBe(false);
  await settled(outbox);
  await outbox.load();
  expect(outbox.items()).toHaveLength(1);
  await outbox.again();
  await vi.waitFor(() => expect(arrived).toHaveLength(1));
});

it("stops in the middle when its user signs out, and is not sealed under the next one's name", async () => {
  const outbox = open();
  await outbox.become(1);
  const piece = county.wire.piece;
  let n = 0;
  county.wire.piece = async (...told) => {
    n += 1;
    const answer = await piece(...told);
    if (n === 1) await outbox.clear(1);
    return answer;
  };
  await outbox.add([file("a.jpg", 3_000_000)], chosen);
  await vi.waitFor(() => expect(n).toBe(1));
  signedIn = 2;
  await outbox.become(2);
  for (let i = 0; i < 50; i += 1) await digest(new Uint8Array(8));
  expect(n).toBe(1);
  expect([...county.sealed]).toEqual([]);
  expect(arrived).toEqual([]);
});

it("is not sealed when another signs in after the last piece", async () => {
  const outbox = open();
  await outbox.become(1);
  const [piece, seal] = [county.wire.piece, vi.fn(county.wire.seal)];
  county.wire.seal = seal;
  county.wire.piece = async (...told) => {
    const answer = await piece(...told);
    if (answer.received === 3_000_000) void outbox.become(2);
    return answer;
  };
  await outbox.add([file("a.jpg", 3_000_000)], chosen);
  await vi.waitFor(() => expect(county.sent).toBe(3_000_000));
  for (let i = 0; i < 50; i += 1) await digest(new Uint8Array(8));
  expect(seal).not.toHaveBeenCalled();
  expect(await onDisk(1)).toEqual(["a.jpg"]);
});

it("waits for its sender when the county says that another has signed in", async () => {
  const outbox = open();
  await outbox.become(1);
  county.wire.seal = async () => Promise.reject(new Problem(409, "another's", null, null, "evidence.other_user"));
  await outbox.add([file("a.jpg")], chosen);
  await vi.waitFor(() => expect(outbox.items()[0]).toMatchObject({ phase: "waiting", error: { status: 401 } }));
  expect(county.sent).toBe(300_000);
  expect(await onDisk(1)).toEqual(["a.jpg"]);
});

it.each(["hashed", "written"])("leaves nothing of what was being %s when its user signed out", async (stage) => {
  let written: () => void = () => undefined;
  const writing = new Promise<void>((resolve) => (written = resolve));
  const put = vi.fn(async (one: Photograph) => (await writing, deviceStore().put(one)));
  const outbox = new Outbox({ store: { ...deviceStore(), put }, wire: county.wire, who: async () => signedIn, sent: (one) => arrived.push(one), tell: () => undefined, alone: (run) => run() });
  await outbox.become(1);
  const adding = outbox.add([file("a.jpg"), file("b.jpg")], chosen);
  if (stage === "written") await vi.waitFor(() => expect(put).toHaveBeenCalled());
  await outbox.clear(1);
  written();
  await adding;
  expect(await onDisk(1)).toEqual([]);
  expect(outbox.items()).toEqual([]);
  expect(outbox.taking()).toEqual([]);
  expect(county.sent).toBe(0);
});

it("keeps what was being hashed for its own user when another signs in, out of the other's sight", async () => {
  const outbox = open();
  await outbox.become(1);
  const adding = outbox.add([file("a.jpg"), file("b.jpg")], chosen);
  signedIn = 2;
  await outbox.become(2);
  await adding;
  expect(outbox.items()).toEqual([]);
  expect((await onDisk(1)).sort()).toEqual(["a.jpg", "b.jpg"]);
  expect(await onDisk(2)).toEqual([]);
  expect(county.sent).toBe(0);
});

it("counts what is being taken up until it lies among the others", async () => {
  const outbox = open();
  await outbox.become(1);
  county.refuses = new Problem(503, "busy");
  let stand: (place: null) => void = () => undefined;
  const adding = outbox.add([file("a.jpg"), file("b.jpg"), file("a.jpg")], { ...chosen, place: new Promise((resolve) => (stand = resolve)) });
  expect(outbox.taking()).toEqual(["W-7", "W-7", "W-7"]);
  const sums = new Set<number>();
  outbox.subscribe(() => sums.add(outbox.items().length + outbox.taking().length));
  stand(null);
  await adding;
  expect(outbox.taking()).toEqual([]);
  expect(outbox.items()).toHaveLength(2);
  expect(Math.min(...sums)).toBe(2);
  county.refuses = null;
  const gone = { ...file("c.jpg"), slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotFoundError")) }) } as unknown as File;
  await expect(outbox.add([Object.assign(gone, { size: 10 })], chosen)).rejects.toThrow();
  expect(outbox.taking()).toEqual([]);
});
