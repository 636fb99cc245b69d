import { useSyncExternalStore } from "react";
import { api, got } from "../api/client";
import { newKey } from "../api/keys";
import { asProblem, Problem } from "../api/problem";
import { doneNow } from "../time/server";
import { openOutbox, soon } from "./store";
import { passes } from "./send";
import { Watched } from "./watched";

/** What may be done without a line and sent later: it says what was done or seen. What others must hear of at once is not. */
export type Deed =
  | { verb: "duty.answer" | "duty.done" | "duty.verify"; body: { note: string }; seen?: SeenDuty }
  | { verb: "warning.verify"; body: { result: "real" | "false_alarm" | "device_fault"; reason: string; note: string }; seen?: SeenWarning }
  | { verb: "warning.dispose"; body: { note: string; withdraw: boolean }; seen?: SeenWarning }
  | { verb: "warning.feedback"; body: { note: string }; seen?: SeenWarning };

/** What the page showed when it was done: what has changed since, its doer never saw, and the county refuses it. */
export interface SeenDuty {
  round: number;
  /** Which it was: after a restore the county may give its number to another. Missing where an older page did it. */
  opened_at?: string;
  done_at: string | null;
}

export interface SeenWarning {
  opened_at?: string;
  level: number;
  episode: number;
  result: string | null;
}

/** An act the county has not confirmed. */
export interface Act {
  key: string;
  user: number;
  /** The duty's or the warning's id. */
  subject: number;
  /** What it is about, for whoever looks at the list from another page. */
  about: string;
  deed: Deed;
  /** When it was done, ms of the county's clock as this device knows it. */
  at: number;
  /** Which of this device's acts it is: a clock that was set orders nothing. Missing of those an older page kept. */
  order?: number;
  /** The county's refusal: kept, for sending it again is for its doer to say, also after the page is opened anew. */
  refused?: { status: number; detail: string; code: string | null };
}

export interface UnsentAct {
  act: Act;
  /** Refused: sending it again by itself would not help. */
  phase: "waiting" | "sending" | "refused";
  error: unknown;
  /** Whether it lies on this device's disk; if not, it is lost with this page. */
  kept: boolean;
  /** Held: tried once, behind another, or left from before. What goes out for the first time is only under way. */
  late: boolean;
}

const PATIENCE_MS = 20_000;
const PAUSES_S = [5, 10, 20, 40, 60];

/**
 * The county's answer is the receipt, the duty or warning as it is now: nothing else lets go of an act, and an empty
 * answer, which something on the way may have made, counts as none. Rejects with a `Problem`.
 */
export async function sendAct(act: Act): Promise<unknown> {
  const answer = await sent(act);
  if ((answer as { id?: unknown } | null | undefined)?.id !== act.subject) throw new Problem(0, "");
  return answer;
}

function sent({ key, user, subject, deed, at }: Act): Promise<unknown> {
  const told = { key, user, at: new Date(at).toISOString() };
  const params = { path: { id: subject } };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  switch (deed.verb) {
    case "duty.answer":
      return got(api.POST("/api/v1/duties/{id}/answer", { params, body: { ...deed.body, sent: { ...told, seen: deed.seen } }, signal }));
    case "duty.done":
      return got(api.POST("/api/v1/duties/{id}/done", { params, body: { ...deed.body, sent: { ...told, seen: deed.seen } }, signal }));
    case "duty.verify":
      return got(api.POST("/api/v1/duties/{id}/verify", { params, body: { ...deed.body, sent: { ...told, seen: deed.seen } }, signal }));
    case "warning.verify":
      return got(api.POST("/api/v1/warnings/{id}/verify", { params, body: { ...deed.body, sent: { ...told, seen: deed.seen } }, signal }));
    case "warning.dispose":
      return got(api.POST("/api/v1/warnings/{id}/dispose", { params, body: { ...deed.body, sent: { ...told, seen: deed.seen } }, signal }));
    case "warning.feedback":
      return got(api.POST("/api/v1/warnings/{id}/feedback", { params, body: { ...deed.body, sent: { ...told, seen: deed.seen } }, signal }));
  }
}

export interface ActStore {
  of(user: number): Promise<Act[]>;
  has(key: string): Promise<boolean>;
  put(act: Act): Promise<void>;
  drop(key: string): Promise<void>;
  clear(user: number): Promise<void>;
}

interface World {
  store: ActStore;
  send: (act: Act) => Promise<unknown>;
  /** What was sent later, and not while somebody waited for it. */
  sent: (act: Act) => void;
  /** Tells other windows of this browser that the store has changed. */
  tell: () => void;
  /** One more than it ever gave before on this device. */
  next: () => number;
}

/** What an act is about: a duty and a warning may have one number. */
const thingOf = ({ deed, subject }: Act): string => `${deed.verb.split(".")[0] ?? ""} ${subject}`;

function fromDisk(act: Act): UnsentAct {
  const { refused } = act;
  const error = refused === undefined ? null : new Problem(refused.status, refused.detail, null, null, refused.code);
  return { act, phase: refused === undefined ? "waiting" : "refused", error, kept: true, late: true };
}

/** As they were done; those of an older page, which has no other order, by their time and first. */
const inOrder = (a: Act, b: Act): number => (a.order ?? 0) - (b.order ?? 0) || a.at - b.at;

/** Held on the device and sent in the order they were done; each is let go of only with the county's answer. */
export class Acts extends Watched<UnsentAct> {
  #world: World;
  #user: number | null = null;
  /** What was confirmed, refused to its face or let go of: a disk that writes late must not bring it back. */
  #gone = new Set<string>();
  /** Being written to the disk, and not among the items yet. */
  #adding = new Set<string>();
  #running = false;
  /** The disk has not said yet what lies there: asked again until it does, for nobody else knows of it. */
  #unread = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(world: World) {
    super();
    this.#world = world;
  }

  #change(key: string, part: Partial<UnsentAct>): void {
    this.set(this.items().map((one) => (one.act.key === key ? { ...one, ...part } : one)));
  }

  #holds(key: string): boolean {
    return this.items().some((one) => one.act.key === key);
  }

  async #drop(key: string): Promise<void> {
    this.#gone.add(key);
    await soon(this.#world.store.drop(key)).catch(() => undefined);
    this.set(this.items().filter((one) => one.act.key !== key));
  }

  /** From now on these are this user's; null: nobody is signed in, and nothing is sent. */
  async become(user: number | null): Promise<void> {
    if (user === this.#user) return this.flush();
    this.#user = user;
    clearTimeout(this.#timer);
    this.set([]);
    if (user === null) return;
    await this.load();
    await this.flush();
  }

  /** Reads what lies on the device: another window may have put it there, sent it, or let go of it. */
  async load(): Promise<void> {
    const user = this.#user;
    if (user === null) return;
    const reading = this.#read(user);
    await soon(reading).catch(() => {
      this.#unread = true;
      // What it says late is taken in all the same.
      void reading.then(() => this.flush()).catch(() => undefined);
    });
  }

  async #read(user: number): Promise<void> {
    const before = new Set(this.items().map((one) => one.act.key));
    const found = await this.#world.store.of(user);
    if (user !== this.#user) return;
    this.#unread = false;
    const known = new Map(this.items().map((one) => [one.act.key, one]));
    const lying = found
      .filter((act) => !this.#adding.has(act.key) && !this.#gone.has(act.key))
      .map((act) => {
        const one = known.get(act.key);
        return one === undefined || (one.phase !== "sending" && (one.phase === "refused") !== (act.refused !== undefined)) ? fromDisk(act) : one;
      });
    const keys = new Set(found.map((act) => act.key));
    const rest = this.items().filter((one) => !keys.has(one.act.key) && (!one.kept || one.phase === "sending" || !before.has(one.act.key)));
    this.set([...lying, ...rest].sort((a, b) => inOrder(a.act, b.act)));
  }

  /** What of this user's lies on the device, also where this window sends nothing; null where the disk does not say. */
  async lying(user: number): Promise<Act[] | null> {
    return soon(this.#world.store.of(user)).catch(() => null);
  }

  /**
   * Does it: on the device's disk first, then at the county. Resolves to the county's answer, or to null where it could
   * not be reached: then it is held, and sent later under the same key. Rejects with the `Problem` of a refusal.
   */
  async add(user: number, subject: number, about: string, deed: Deed): Promise<unknown> {
    const act: Act = { key: newKey(), user, subject, about, deed, at: doneNow(), order: this.#world.next() };
    this.#adding.add(act.key);
    const putting = this.#world.store.put(act);
    const kept = await soon(putting).then(
      () => true,
      () => false,
    );
    // A disk that answers after all: what is gone from here by then must not lie there and be sent again.
    if (!kept) void putting.then(() => (this.#gone.has(act.key) ? this.#drop(act.key) : this.#change(act.key, { kept: true }))).catch(() => undefined);
    // What was done before it at the same thing is sent before it.
    const behind = this.items().some((one) => thingOf(one.act) === thingOf(act) && one.phase !== "refused");
    this.#adding.delete(act.key);
    this.set([...this.items(), { act, phase: behind ? "waiting" : "sending", error: null, kept, late: behind }]);
    if (behind) {
      this.#world.tell();
      void this.flush();
      return null;
    }
    try {
      const answer = await this.#world.send(act);
      await this.#drop(act.key);
      void this.flush(); // what was done after it, and waited for it
      return answer;
    } catch (error) {
      if (passes(error) || asProblem(error).code === "act.other_user") {
        this.#change(act.key, { phase: "waiting", error, late: true });
        this.#world.tell();
        this.#again(true);
        return null;
      }
      await this.#drop(act.key); // who did it is here, and is told why
      void this.flush();
      throw error;
    }
  }

  /** Tries everything that waits again now. What was refused is sent again one by one: `resend`. */
  async again(): Promise<void> {
    await this.flush();
  }

  /** Sends once more what was refused: its doer has read why. */
  async resend(key: string): Promise<void> {
    const one = this.items().find((item) => item.act.key === key && item.phase === "refused");
    if (one === undefined) return;
    await this.#rewrite({ ...one.act, refused: undefined }, { phase: "waiting" });
    await this.flush();
  }

  /** Changes what is held, here and on the disk where it lies there. */
  async #rewrite(act: Act, part: Partial<UnsentAct>): Promise<void> {
    const kept = this.items().find((one) => one.act.key === act.key)?.kept === true;
    this.#change(act.key, { act, ...part });
    if (!kept) return;
    await soon(this.#world.store.put(act)).catch(() => undefined);
    this.#world.tell();
  }

  /** The person does not want it sent: gone from this device. */
  async discard(key: string): Promise<void> {
    await this.#drop(key);
    this.#world.tell();
  }

  /** Who signs out leaves nothing behind on this machine. */
  async clear(user: number): Promise<void> {
    if (user === this.#user) {
      for (const one of this.items()) this.#gone.add(one.act.key);
      clearTimeout(this.#timer);
      this.#user = null;
      this.set([]);
    }
    await soon(this.#world.store.clear(user)).catch(() => undefined);
    this.#world.tell();
  }

  #again(failed: boolean): void {
    clearTimeout(this.#timer);
    this.#failures = failed ? this.#failures + 1 : 0;
    if (this.#user === null || !(this.#unread || this.#waits())) return;
    const pause = PAUSES_S[Math.min(this.#failures, PAUSES_S.length) - 1] ?? 1;
    this.#timer = setTimeout(() => void this.flush(), pause * 1000);
  }

  #waits(): boolean {
    return this.items().some((one) => one.phase === "waiting");
  }

  /** Whether another act at the same thing is on its way just now: what was done after it comes after it. */
  #behind(act: Act): boolean {
    return this.items().some((one) => one.phase === "sending" && one.act.key !== act.key && thingOf(one.act) === thingOf(act));
  }

  /**
   * One round over what waits, in its order. Without a line, or with the session over, nothing else would get through
   * either; what only one act meets holds up but what was done after it at the same thing. Comes again by itself while
   * something waits.
   */
  async flush(): Promise<void> {
    const user = this.#user;
    if (this.#running || user === null) return;
    // Nobody waits for the disk to send what is known.
    if (this.#unread) void this.load().then(() => (this.#unread ? this.#again(true) : this.flush()));
    if (!this.#waits()) return;
    this.#running = true;
    let failed = false;
    const stopped = new Set<string>();
    try {
      for (const { act, kept } of this.items().filter((one) => one.phase === "waiting")) {
        if (user !== this.#user) break;
        if (!this.#holds(act.key) || stopped.has(thingOf(act)) || this.#behind(act)) continue;
        this.#change(act.key, { phase: "sending" });
        // Another window may have sent it, or let go of it at its doer's word. A disk that does not say is no reason to wait.
        if (kept && !(await soon(this.#world.store.has(act.key)).catch(() => true))) {
          this.set(this.items().filter((one) => one.act.key !== act.key));
          continue;
        }
        if (user !== this.#user) break;
        try {
          await this.#world.send(act);
          await this.#drop(act.key);
          this.#world.tell();
          this.#world.sent(act);
        } catch (error) {
          // Another has signed in since: it waits for its own.
          const mine = asProblem(error).code === "act.other_user" ? new Problem(401, "") : error;
          const waits = passes(mine);
          const { status, message: detail, code } = asProblem(mine);
          if (waits) this.#change(act.key, { phase: "waiting", error: mine });
          else await this.#rewrite({ ...act, refused: { status, detail, code } }, { phase: "refused", error: mine });
          failed ||= waits;
          if (status === 0 || status === 401) break;
          if (waits) stopped.add(thingOf(act));
        }
      }
    } finally {
      this.#running = false;
    }
    this.#again(failed);
  }
}

let heard: (act: Act) => void = () => undefined;
let tell: () => void = () => undefined;

const ORDER = "shoutu.acts.order";
let given = 0;

/** Kept beside the store, which may be slow to answer; where the browser keeps nothing, this page alone counts. */
export function nextOrder(): number {
  try {
    given = Math.max(given, Number(localStorage.getItem(ORDER)) || 0) + 1;
    localStorage.setItem(ORDER, String(given));
  } catch {
    given += 1;
  }
  return given;
}

/** This window's acts. Two windows sending the same act send one key: it is one to the county. */
export const acts = new Acts({ store: actStore(), send: sendAct, sent: (act) => heard(act), tell: () => tell(), next: nextOrder });

export function hearSent(told: (act: Act) => void): void {
  heard = told;
}

export function hearChanged(told: () => void): void {
  tell = told;
}

export function actStore(): ActStore {
  return {
    of: async (user) => (await openOutbox()).getAllFromIndex("acts", "user", user),
    has: async (key) => (await (await openOutbox()).getKey("acts", key)) !== undefined,
    put: async (act) => {
      const change = (await openOutbox()).transaction("acts", "readwrite", { durability: "strict" });
      await Promise.all([change.store.put(act), change.done]);
    },
    drop: async (key) => (await openOutbox()).delete("acts", key),
    clear: async (user) => {
      const change = (await openOutbox()).transaction("acts", "readwrite");
      for (const key of await change.store.index("user").getAllKeys(user)) await change.store.delete(key);
      await change.done;
    },
  };
}

export function useUnsentActs(): readonly UnsentAct[] {
  return useSyncExternalStore(acts.subscribe, acts.items);
}

/** The verbs of one duty or warning that are done and held here: pressed again they would be sent twice. What was refused is not. */
export function useHeldVerbs(room: "duty" | "warning", id: number): ReadonlySet<string> {
  const held = useUnsentActs().filter(({ act, late, phase }) => late && phase !== "refused" && act.subject === id && act.deed.verb.startsWith(`${room}.`));
  return new Set(held.map(({ act }) => act.deed.verb.slice(room.length + 1)));
}
