import { hashKey, useQueryClient, type Query, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { useSyncExternalStore } from "react";
import { asProblem } from "../api/problem";
import { recall, skew } from "../time/server";

/**
 * What the county last answered about a person's own work, kept on the device so that it can be read without a line.
 *
 * Only what is needed at the pit; each person's own, shown as old and never as fresh, gone after `KEEP_MS`, at signing
 * out, when the session is over, and when another signs in.
 */
export interface KeptAnswer {
  /** One per person and question. */
  id: string;
  user: number;
  key: QueryKey;
  data: unknown;
  /** When it was answered, ms of this device's clock, and how far the county's was ahead of it then. */
  at: number;
  skew: number;
}

export const KEEP_MS = 12 * 3_600_000;
/** The newest of each kind; an old warning nobody looked at for long is not worth being on a telephone. */
export const MOST = 40;
const WRITE_MS = 500;
/** How often the county is asked again while only old answers are shown. */
const ASK_MS = 10_000;

interface Schema extends DBSchema {
  answers: { key: string; value: KeptAnswer };
}

/** Whether an answer to this question is kept: who I am, my desk, and each duty or warning I opened. Pure. */
export function isKept(key: QueryKey): boolean {
  const [room, what, which] = key;
  if (room === "session") return key.length === 1;
  if (room === "duties") return what === "one" || (what === "list" && which === "mine");
  return room === "warnings" && (what === "one" || what === "timeline") && typeof which === "number";
}

/** What may still be shown of what lies here, the newest first. Pure. */
export function current(kept: readonly KeptAnswer[], now: number): KeptAnswer[] {
  // A clock set back makes an answer seem to come from the future: nobody knows how old it is.
  return kept
    .filter((one) => now - one.at < KEEP_MS && one.at <= now)
    .sort((a, b) => b.at - a.at)
    .slice(0, MOST);
}

/** Whether the county itself was not reached: no line, or the proxy before it says that nobody answers behind it. Pure. */
export function isUnreached(status: number): boolean {
  return status === 0 || (status >= 502 && status <= 504);
}

const idOf = (whose: number, key: QueryKey): string => `${whose}:${hashKey(key)}`;

let opened: Promise<IDBPDatabase<Schema>> | null = null;

function open(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("shoutu.answers", 1, {
    upgrade: (db) => void db.createObjectStore("answers", { keyPath: "id" }),
    terminated: () => (opened = null),
  });
  opened.catch(() => (opened = null));
  return opened;
}

/** Who is at this page; answers that come while nobody is are nobody's. */
let user: number | null = null;
/** Only what was kept is shown: the county has not been reached since this page was opened. */
let old = false;
/** Questions whose answer is one that was kept: by their hash, until the county has answered them itself. */
const restored = new Set<string>();
let putting = false;
const listeners = new Set<() => void>();

function setOld(now: boolean): void {
  old = now;
  listeners.forEach((listener) => listener());
}

/** Clears what others left, or with null everything. A device that refuses its store has nothing to clear. */
async function clearBut(stays: number | null): Promise<void> {
  try {
    const change = (await open()).transaction("answers", "readwrite");
    const all = await change.store.getAll();
    const fine = new Set(current(all, Date.now()).map((one) => one.id));
    for (const one of all) if (one.user !== stays || !fine.has(one.id)) await change.store.delete(one.id);
    await change.done;
  } catch {
    return;
  }
}

export async function forgetAnswers(): Promise<void> {
  user = null;
  restored.clear();
  setOld(false);
  await clearBut(null);
}

async function keep(query: Query): Promise<void> {
  const whose = user;
  if (whose === null || query.state.status !== "success") return;
  const answer: KeptAnswer = { id: idOf(whose, query.queryKey), user: whose, key: query.queryKey, data: query.state.data, at: query.state.dataUpdatedAt, skew: skew() };
  try {
    const store = await open();
    if (user !== whose) return; // signed out while it was opened
    await store.put("answers", answer);
  } catch {
    return; // no room: then there is nothing to read without a line, and all else works
  }
}

/** One kept answer, put before the person: it stays old until the county has answered the same itself. */
function put(client: QueryClient, { key, data, at }: KeptAnswer): void {
  restored.add(hashKey(key));
  putting = true;
  client.setQueryData(key, data, { updatedAt: at });
  putting = false;
}

/** Puts what is kept before the person, as old as it is. True: there is something. */
async function restore(client: QueryClient): Promise<boolean> {
  const all = await open()
    .then((store) => store.getAll("answers"))
    .catch((): KeptAnswer[] => []);
  const kept = current(all, Date.now());
  const me = kept.find((one) => isSession(one.key));
  if (me === undefined || client.getQueryData(me.key) !== undefined) return false;
  user = me.user;
  recall(me.skew);
  setOld(true);
  for (const one of kept) {
    if (one.user === me.user && one !== me && client.getQueryData(one.key) === undefined) put(client, one);
  }
  put(client, me);
  return true;
}

/** One question the county was not reached with, as it answered before. True: there is something. */
async function restoreOne(client: QueryClient, key: QueryKey): Promise<boolean> {
  const whose = user;
  if (whose === null) return false;
  const one = await open()
    .then((store) => store.get("answers", idOf(whose, key)))
    .catch(() => undefined);
  if (one === undefined || user !== whose || current([one], Date.now()).length === 0 || client.getQueryData(key) !== undefined) return false;
  put(client, one);
  setOld(true);
  return true;
}

/** What is shown now and is old, though the county may have answered other questions since. */
function shownOld(client: QueryClient): Query[] {
  return client.getQueryCache().findAll({ type: "active", predicate: (query) => isKept(query.queryKey) && query.state.dataUpdatedAt > 0 && (old || restored.has(query.queryHash)) });
}

/** Since when (ms of this device's clock) what is shown is old; null where the county itself has answered all of it. */
export function oldSince(client: QueryClient): number | null {
  const shown = shownOld(client);
  return shown.length === 0 ? null : Math.min(...shown.map((query) => query.state.dataUpdatedAt));
}

const isSession = (key: QueryKey): boolean => key[0] === "session" && key.length === 1;

/** Keeps answers as they come, and reads them where the county is not reached when the page is opened. */
export function keepAnswers(client: QueryClient): void {
  const waiting = new Map<string, Query>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tried = false;
  const write = (): void => {
    timer = undefined;
    for (const query of waiting.values()) void keep(query);
    waiting.clear();
  };
  let again: ReturnType<typeof setTimeout> | undefined;
  const askAgain = (): void => {
    clearTimeout(again);
    const shown = shownOld(client).map((query) => query.queryHash);
    if (!old && shown.length === 0) return;
    // Where the county answers who I am and not the rest, the rest is asked for again until it does.
    const asked = old ? client.refetchQueries({ queryKey: ["session"], exact: true }) : client.refetchQueries({ predicate: (query) => shown.includes(query.queryHash) });
    void asked.finally(() => (again = setTimeout(askAgain, ASK_MS)));
  };
  const askLater = (found: boolean): void => {
    if (!found) return;
    clearTimeout(again);
    again = setTimeout(askAgain, ASK_MS);
  };
  window.addEventListener("online", askAgain);
  /** The county has said who is here. What another was shown, or left on this device, is not theirs. */
  const become = (next: number): void => {
    if (user !== next) restored.clear();
    if (user !== null && user !== next) client.removeQueries({ predicate: (query) => !isSession(query.queryKey) && query.queryKey[0] !== "hello" });
    if (user !== next) {
      user = next;
      void clearBut(next);
    }
    if (!old) return;
    setOld(false);
    void client.invalidateQueries({ predicate: (query) => !isSession(query.queryKey) });
  };
  client.getQueryCache().subscribe((event) => {
    if (event.type === "removed") restored.delete(event.query.queryHash);
    if (event.type !== "updated" || putting) return;
    const { query, action } = event;
    if (action.type === "success" && isKept(query.queryKey)) {
      restored.delete(query.queryHash);
      if (isSession(query.queryKey)) become((query.state.data as { user: { id: number } }).user.id);
      waiting.set(query.queryHash, query);
      timer ??= setTimeout(write, WRITE_MS);
    } else if (action.type === "error" && isKept(query.queryKey)) {
      const { status } = asProblem(action.error);
      if (!isSession(query.queryKey)) {
        // A weak line lets one question through and not the next: what was answered before is better than nothing.
        if (!isUnreached(status)) return;
        if (query.state.data === undefined) void restoreOne(client, query.queryKey).then(askLater);
        else askLater(restored.has(query.queryHash));
        return;
      }
      // The county says that this session is over: then nobody here is entitled to what it answered before.
      if (status === 401 || status === 403) void forgetAnswers();
      else if (isUnreached(status) && query.state.data === undefined && !tried) {
        tried = true;
        void restore(client).then(askLater);
      }
    }
  });
}

/** Since when (ms of the county's clock) what this page shows is old; null where the county has answered it. */
export function useStopped(): number | null {
  const client = useQueryClient();
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => old,
  );
  // Whoever shows it does so anew with each answer and each second: which answers are old needs no listener of its own.
  const since = oldSince(client);
  return since === null ? null : since + skew();
}
