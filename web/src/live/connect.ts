import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { openStream, type Live } from "./stream";

/** When the live connection was lost (ms, local), or null while it stands. */
let lostSince: number | null = null;
const listeners = new Set<() => void>();

function setLost(next: number | null): void {
  if ((next === null) === (lostSince === null)) return;
  lostSince = next;
  listeners.forEach((listener) => listener());
}

export function useLostSince(): number | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => lostSince,
  );
}

/** What a topic makes old, by its first word: these are the first words of the query keys. */
const touches: Record<string, string[]> = {
  warning: ["warnings", "reports", "duties", "points", "sites", "screen", "status", "ledger"],
  duty: ["duties", "warnings", "weather", "screen", "status", "roster", "ledger"],
  evacuation: ["warnings", "duties", "screen", "ledger"],
  point: ["points", "readings", "sites", "unclaimed"],
  proposal: ["proposals", "status", "ledger"],
  report: ["reports", "orders", "warnings", "ledger"],
  order: ["orders", "duties", "ledger"],
  silence: ["silences", "warnings", "duties", "status", "ledger"],
  roster: ["roster", "screen"],
  weather: ["weather", "ledger"],
  site: ["sites", "screen", "points"],
  boundary: ["map"],
  screen: ["screen", "ledger"],
  status: ["status"],
};

const GATHER_MS = 250;

function listen(client: QueryClient, restart: (again: () => void) => void): () => void {
  const old = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    for (const key of old) void client.invalidateQueries({ queryKey: [key] });
    old.clear();
  };
  const hear = (message: Live): void => {
    switch (message.kind) {
      case "open":
        return setLost(null);
      case "lost":
        return setLost(Date.now());
      case "reset":
        return void client.invalidateQueries();
      case "end": // I may no longer listen: asking who I am leads to the login page
        return void client.invalidateQueries({ queryKey: ["session"] });
      case "change":
        for (const key of touches[message.topic.split(".")[0] ?? ""] ?? ["status"]) old.add(key);
        timer ??= setTimeout(flush, GATHER_MS); // a burst of events asks once
    }
  };
  if (typeof SharedWorker === "undefined") {
    const stream = openStream(hear);
    restart(() => stream.restart());
    return () => stream.close();
  }
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "shoutu-live" });
  worker.port.onmessage = (event: MessageEvent<Live>) => hear(event.data);
  worker.port.start();
  restart(() => worker.port.postMessage("restart"));
  const bye = (): void => worker.port.postMessage("bye");
  window.addEventListener("pagehide", bye);
  return () => {
    window.removeEventListener("pagehide", bye);
    clearTimeout(timer);
    bye();
  };
}

/** Keeps every query of the page fresh while somebody is signed in. */
export function useLive(client: QueryClient, user: number | null): void {
  useEffect(() => {
    if (user === null) return;
    let again: () => void = () => undefined;
    const stop = listen(client, (restart) => (again = restart));
    const online = (): void => again();
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("online", online);
      stop();
    };
  }, [client, user]);
}
