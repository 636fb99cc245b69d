/**
 * What somebody was writing, kept on this device until it is sent, so that a closed window loses nothing.
 *
 * Each piece is its writer's own: a duty room's machine is shared, and what one wrote is not another's to send.
 */
const PREFIX = "kept:";

export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export interface Kept<T> {
  user: number;
  /** When the facts in it were fetched, and when somebody last wrote on it; ms of the server's clock. */
  drawn: number;
  at: number;
  told: T;
}

/** This device's store; none where the browser's settings refuse it. */
export function here(): Store {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined, removeItem: () => undefined, key: () => null, length: 0 };
  }
}

export function placeOf(user: number, what: string): string {
  return `${PREFIX}${user}:${what}`;
}

/** What was kept by this user there; null where nothing was, or nothing that can be read. */
export function read<T>(store: Store, user: number, what: string): Kept<T> | null {
  try {
    const found = JSON.parse(store.getItem(placeOf(user, what)) ?? "null") as Kept<T> | null;
    return found !== null && found.user === user && Number.isFinite(found.drawn) && Number.isFinite(found.at) ? found : null;
  } catch {
    return null;
  }
}

/** A full or forbidden store keeps nothing: the page itself still holds what is written. */
export function keep<T>(store: Store, what: string, kept: Kept<T>): void {
  try {
    store.setItem(placeOf(kept.user, what), JSON.stringify(kept));
  } catch {
    return;
  }
}

export function drop(store: Store, user: number, what: string): void {
  try {
    store.removeItem(placeOf(user, what));
  } catch {
    return;
  }
}

/** How many pieces this user has kept here and not sent. */
export function countOf(store: Store, user: number): number {
  try {
    return Array.from({ length: store.length }, (_, i) => store.key(i) ?? "").filter((name) => name.startsWith(placeOf(user, ""))).length;
  } catch {
    return 0;
  }
}

/** Who leaves takes along what they wrote: nothing stays for the next at this machine. */
export function dropAll(store: Store): void {
  try {
    const names = Array.from({ length: store.length }, (_, i) => store.key(i) ?? "");
    for (const name of names) if (name.startsWith(PREFIX) || name.startsWith("report:")) store.removeItem(name);
  } catch {
    return;
  }
}
