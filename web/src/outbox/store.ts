import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Photograph } from "./photograph";

interface Schema extends DBSchema {
  photographs: { key: string; value: Photograph; indexes: { user: number } };
}

/** Where photographs lie on this device until the county has them, each its sender's own. Rejects where the browser refuses. */
export interface PhotographStore {
  of(user: number): Promise<Photograph[]>;
  put(photograph: Photograph): Promise<void>;
  drop(key: string): Promise<void>;
  clear(user: number): Promise<void>;
}

export function deviceStore(): PhotographStore {
  let opened: Promise<IDBPDatabase<Schema>> | null = null;
  const open = (): Promise<IDBPDatabase<Schema>> => {
    opened ??= openDB<Schema>("shoutu.outbox", 1, {
      upgrade: (db) => void db.createObjectStore("photographs", { keyPath: "key" }).createIndex("user", "user"),
      terminated: () => (opened = null),
    });
    // A refusal is not for ever: the person may have made room.
    opened.catch(() => (opened = null));
    return opened;
  };
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
