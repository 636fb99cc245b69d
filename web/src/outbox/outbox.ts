import { asProblem, Problem } from "../api/problem";
import { keyOf, type Photograph, type Place } from "./photograph";
import { sha256Of } from "./hash";
import { passes, sendPhotograph, type Wire } from "./send";
import { soon, type PhotographStore } from "./store";
import { Watched } from "./watched";

/** A photograph the county does not have yet. */
export interface Unsent {
  photograph: Photograph;
  /** Refused: sending it again by itself would not help. */
  phase: "waiting" | "sending" | "refused";
  /** Bytes the county has. */
  sent: number;
  /** Why the last try failed. */
  error: unknown;
  /** Whether it lies on this device's disk; if not, it is lost with this page. */
  kept: boolean;
}

export interface Chosen {
  warning: number;
  about: string;
  /** When the warning was opened. */
  opened?: string;
  origin: "camera" | "gallery";
  /** Where the device stands; may take a moment. */
  place: Place | null | Promise<Place | null>;
  seen: number;
}

interface World {
  store: PhotographStore;
  wire: Wire;
  /** Who is signed in now, asked of the county: another window may have changed it. */
  who: () => Promise<number>;
  sent: (photograph: Photograph) => void;
  /** Tells other windows of this browser that the store has changed. */
  tell: () => void;
  /** Runs it unless another window is at it. */
  alone: (run: () => Promise<void>) => Promise<void>;
}

function fromDisk(photograph: Photograph): Unsent {
  const { refused } = photograph;
  const error = refused === undefined ? null : new Problem(refused.status, refused.detail, null, null, refused.code);
  return { photograph, phase: refused === undefined ? "waiting" : "refused", sent: 0, error, kept: true };
}

const PAUSES_S = [5, 10, 20, 40, 60];

/** Keeps photographs on the device, sends them one after the other, and lets go of each only with its receipt. */
export class Outbox extends Watched<Unsent> {
  #world: World;
  #user: number | null = null;
  #taking: readonly string[] = [];
  /** Who signed out here: what of theirs is still being taken up must not come to lie on this machine. */
  #gone = new Set<number>();
  #running = false;
  /** The disk has not said yet what lies there: asked again until it does. */
  #unread = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(world: World) {
    super();
    this.#world = world;
  }

  /** What the photographs are about that are being taken up: chosen, and not yet among `items`. One each. */
  readonly taking = (): readonly string[] => this.#taking;

  #change(key: string, part: Partial<Unsent>): void {
    this.set(this.items().map((one) => (one.photograph.key === key ? { ...one, ...part } : one)));
  }

  /** From now on these are this user's; null: nobody is signed in, and nothing is sent. */
  async become(user: number | null): Promise<void> {
    if (user === this.#user) return this.flush();
    this.#user = user;
    if (user !== null) this.#gone.delete(user);
    this.set([]);
    clearTimeout(this.#timer);
    await this.load();
    await this.flush();
  }

  /** Reads what lies on the device; what only this page holds stays. */
  async load(): Promise<void> {
    const user = this.#user;
    if (user === null) return;
    const found = await this.#world.store.of(user).catch(() => null);
    if (user !== this.#user) return;
    this.#unread = found === null;
    if (found === null) return;
    const known = new Map(this.items().map((one) => [one.photograph.key, one]));
    const kept = found
      .sort((a, b) => a.seen - b.seen)
      .map((photograph): Unsent => {
        const one = known.get(photograph.key);
        // Refused, or to be tried again, in another window.
        return one === undefined || (one.phase !== "sending" && (one.phase === "refused") !== (photograph.refused !== undefined)) ? fromDisk(photograph) : one;
      });
    this.set([...kept, ...this.items().filter((one) => !one.kept)]);
  }

  /** What of this user's lies on the device, also where this window sends nothing; null where the disk does not say. */
  async lying(user: number): Promise<Photograph[] | null> {
    return soon(this.#world.store.of(user)).catch(() => null);
  }

  /**
   * Takes photographs up. Each is on the device's disk before it is sent; resolves when the last one is.
   *
   * Who signs out meanwhile leaves nothing. Where another signs in, they are kept for whom they belong to, out of sight.
   */
  async add(files: readonly File[], chosen: Chosen): Promise<void> {
    const user = this.#user;
    if (user === null) return;
    const { about } = chosen;
    this.#taking = [...this.#taking, ...files.map(() => about)];
    this.set(this.items());
    let left = files.length;
    const taken = (items: readonly Unsent[]): void => {
      const at = this.#taking.indexOf(about);
      this.#taking = this.#taking.filter((_one, i) => i !== at);
      left -= 1;
      this.set(items);
    };
    try {
      const place = await chosen.place;
      for (const file of files) {
        const sha256 = await sha256Of(file);
        if (this.#gone.has(user)) return;
        const key = keyOf(user, chosen.warning, sha256);
        const known = (): boolean => this.items().some((one) => one.photograph.key === key);
        if (user === this.#user && known()) {
          taken(this.items());
          continue;
        }
        const photograph: Photograph = { ...chosen, place, key, user, sha256, name: file.name, size: file.size, blob: file };
        const kept = await this.#world.store.put(photograph).then(
          () => true,
          () => false,
        );
        if (this.#gone.has(user)) return await this.#world.store.drop(key).catch(() => undefined);
        taken(user !== this.#user || known() ? this.items() : [...this.items(), { photograph, phase: "waiting", sent: 0, error: null, kept }]);
      }
    } finally {
      while (left > 0) taken(this.items());
    }
    this.#world.tell();
    void this.flush();
  }

  /** Tries everything again now, what was refused as well. */
  async again(): Promise<void> {
    for (const one of this.items().filter((item) => item.phase === "refused")) await this.#reopen(one);
    this.#world.tell();
    await this.flush();
  }

  /** Sends once more what was refused: its person has read why. */
  async resend(key: string): Promise<void> {
    const one = this.items().find((item) => item.photograph.key === key && item.phase === "refused");
    if (one === undefined) return;
    await this.#reopen(one);
    this.#world.tell();
    await this.flush();
  }

  async #reopen({ photograph }: Unsent): Promise<void> {
    await this.#rewrite({ ...photograph, refused: undefined }, { phase: "waiting" });
  }

  /** On the disk as well, if it lies there: a page opened anew knows it. What is taken out meanwhile does not come back. */
  async #rewrite(photograph: Photograph, part: Partial<Unsent>): Promise<void> {
    const { key } = photograph;
    const here = (): Unsent | undefined => this.items().find((one) => one.photograph.key === key);
    this.#change(key, { ...part, photograph });
    if (here()?.kept !== true) return;
    await soon(this.#world.store.put(photograph)).catch(() => undefined);
    if (here() === undefined) await this.#world.store.drop(key).catch(() => undefined);
  }

  /** The person does not want it sent: gone from this device. */
  async discard(key: string): Promise<void> {
    await this.#world.store.drop(key).catch(() => undefined);
    this.set(this.items().filter((one) => one.photograph.key !== key));
    this.#world.tell();
  }

  /** Who signs out leaves nothing behind on this machine. */
  async clear(user: number): Promise<void> {
    this.#gone.add(user);
    if (user === this.#user) {
      clearTimeout(this.#timer);
      this.#user = null;
      this.set([]);
    }
    await this.#world.store.clear(user).catch(() => undefined);
    this.#world.tell();
  }

  /** One round over everything that waits. Comes again by itself while something does. */
  async flush(): Promise<void> {
    if (this.#running || this.#user === null) return;
    if (this.#unread) void this.load().then(() => (this.#unread ? this.#later(true) : this.flush()));
    if (!this.#waiting()) return;
    this.#running = true;
    clearTimeout(this.#timer);
    let failed = false;
    try {
      await this.#world.alone(async () => {
        failed = await this.#round();
      });
    } finally {
      this.#running = false;
    }
    this.#later(failed);
  }

  #later(failed: boolean): void {
    clearTimeout(this.#timer);
    this.#failures = failed ? this.#failures + 1 : 0;
    if (this.#user === null || !(this.#unread || this.#waiting())) return;
    const pause = PAUSES_S[Math.min(this.#failures, PAUSES_S.length) - 1] ?? PAUSES_S[0] ?? 5;
    this.#timer = setTimeout(() => void this.flush(), failed ? pause * 1000 : 1000);
  }

  #waiting(): boolean {
    return this.items().some((one) => one.phase === "waiting");
  }

  async #round(): Promise<boolean> {
    const user = this.#user;
    let failed = false;
    // What one wrote is not another's to send: the county would write it down under the other's name.
    const stranger = await this.#world.who().then((who) => (who === user ? null : new Problem(401, ""))).catch(asProblem);
    for (const { photograph } of this.items().filter((one) => one.phase === "waiting")) {
      const { key } = photograph;
      const here = (): boolean => user === this.#user && this.items().some((one) => one.photograph.key === key);
      if (!here()) continue;
      this.#change(key, { phase: "sending" });
      try {
        if (stranger !== null) throw stranger;
        await sendPhotograph(photograph, this.#world.wire, (sent) => {
          // Asked before every piece and before the seal: from here on the line carries another's name, or nobody's.
          if (user !== this.#user) throw new Problem(401, "");
          this.#change(key, { sent });
        });
        await this.#world.store.drop(key).catch(() => undefined);
        if (!here()) continue;
        this.set(this.items().filter((one) => one.photograph.key !== key));
        this.#world.tell();
        this.#world.sent(photograph);
      } catch (error) {
        failed = true;
        if (passes(error)) this.#change(key, { phase: "waiting", error });
        else {
          const { status, message: detail, code } = asProblem(error);
          await this.#rewrite({ ...photograph, refused: { status, detail, code } }, { phase: "refused", error });
        }
      }
    }
    return failed;
  }
}
