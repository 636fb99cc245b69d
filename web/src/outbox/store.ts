import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Act } from "./acts";
import type { Photograph } from "./photograph";

interface Schema extends DBSchema {
  photographs: { key: string; value: Photograph; indexes: { user: number } };
  acts: { key: string; value: Act; indexes: { user: number } };
}

interface Opening {
  db: Promise<IDBPDatabase<Schema>>;
  /** Rejects while a window with an older build holds the store and does not let go; the opening itself waits on. */
  stuck: Promise<never>;
  open: boolean;
}

let opening: Opening | null = null;

function begin(): Opening {
  let stick: (why: Error) => void = () => undefined;
  const stuck = new Promise<never>((_resolve, reject) => (stick = reject));
  stuck.catch(() => undefined);
  const db = openDB<Schema>("shoutu.outbox", 2, {
    upgrade: (store, from) => {
      if (from < 1) store.createObjectStore("photographs", { keyPath: "key" }).createIndex("user", "user");
      if (from < 2) store.createObjectStore("acts", { keyPath: "key" }).createIndex("user", "user");
    },
    blocked: () => stick(new Error("another window holds an older store")),
    // A window with a newer build must not wait for this one.
    blocking: () => {
      void db.then((store) => store.close());
      if (opening === begun) opening = null;
    },
    terminated: () => {
      if (opening === begun) opening = null;
    },
  });
  const begun: Opening = { db, stuck, open: false };
  db.then(
    () => (begun.open = true),
    // A refusal is not for ever: the person may have made room.
    () => {
      if (opening === begun) opening = null;
    },
  );
  return begun;
}

/** This device's store of what is not sent yet. Rejects where the browser refuses, or another window holds it. */
export function openOutbox(): Promise<IDBPDatabase<Schema>> {
  opening ??= begin();
  return opening.open ? opening.db : Promise.race([opening.db, opening.stuck]);
}

const DISK_MS = 2_000;

/** What the disk says; rejects where it says nothing in time, for a disk that hangs must not hold up what is to be sent. */
export function soon<T>(asked: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(new Error("the disk does not answer")), DISK_MS)));
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** Where photographs lie on this device until the county has them, each its sender's own. Rejects where the browser refuses. */
export interface PhotographStore {
  of(user: number): Promise<Photograph[]>;
  put(photograph: Photograph): Promise<void>;
  drop(key: string): Promise<void>;
  clear(user: number): Promise<void>;
}

export function deviceStore(): PhotographStore {
  const open = openOutbox;
  return {
    of: async (user) => (await open()).getAllFromIndex("photographs", "user", user),
    put: async (photograph) => {
      // Strict: on the disk, not in the system's memory, when this resolves.
      const change = (await open()).transaction("photographs", "readwrite", { durability: "strict" });
      await Promise.all([change.store.put(photograph), change.done]);
    },
    drop: async (key) => (await open()).delete("photographs", key),
    clear: async (user) => {
      const change = (await open()).transaction("photographs", "readwrite");
      for (const key of await change.store.index("user").getAllKeys(user)) await change.store.delete(key);
      await change.done;
    },
  };
}
