import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Act } from "./acts";
import type { Photograph } from "./photograph";

interface Schema extends DBSchema {
  photographs: { key: string; value: Photograph; indexes: { user: number } };
  acts: { key: string; value: Act; indexes: { user: number } };
}

let opened: Promise<IDBPDatabase<Schema>> | null = null;

/** This device's store of what is not sent yet. Rejects where the browser refuses. */
export function openOutbox(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("shoutu.outbox", 2, {
    upgrade: (db, from) => {
      if (from < 1) db.createObjectStore("photographs", { keyPath: "key" }).createIndex("user", "user");
      if (from < 2) db.createObjectStore("acts", { keyPath: "key" }).createIndex("user", "user");
    },
    // A window with a newer build must not wait for this one.
    blocking: () => {
      void opened?.then((db) => db.close());
      opened = null;
    },
    terminated: () => (opened = null),
  });
  // A refusal is not for ever: the person may have made room.
  opened.catch(() => (opened = null));
  return opened;
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
