import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { asProblem } from "../api/problem";
import { isUnreached } from "../phone/answers";
import { openStream, type Live, type Stream } from "./stream";

/** The live connection: not yet opened, standing, or lost since (ms, local). */
export type Line = { state: "connecting" | "live"; since: null } | { state: "lost"; since: number };

let line: Line = { state: "connecting", since: null };
const listeners = new Set<() => void>();

function setLine(state: Line["state"]): void {
  if (state === line.state) return;
  line = state === "lost" ? { state, since: Date.now() } : { state, since: null };
  listeners.forEach((listener) => listener());
}

export function useLine(): Line {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => line,
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
  licence: ["licences", "duties", "findings", "ledger"],
  document: ["documents", "ledger"],
  screen: ["screen", "ledger"],
  status: ["status"],
};

/** The first words of the query keys a topic makes old. Pure. */
export function touched(topic: string): readonly string[] {
  return touches[topic.split(".")[0] ?? ""] ?? ["status"];
}

const GATHER_MS = 250;
/** How long the shared worker may be still (ms) before it is asked whether it is there, and how long it may take to answer. */
export const STILL_MS = 60_000;
export const ANSWER_MS = 10_000;

function listen(client: QueryClient, restart: (again: () => void) => void): () => void {
  setLine("connecting"); // whoever was here before had a line of their own
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
        return setLine("live");
      case "lost":
        return setLine("lost");
      case "connecting":
        return line.state === "live" ? setLine("connecting") : undefined;
      case "beat":
        return;
      case "reset":
        return void client.invalidateQueries();
      case "end": // I may no longer listen: asking who I am leads to the login page
        return void client.invalidateQueries({ queryKey: ["session"] });
      case "change":
        for (const key of touched(message.topic)) old.add(key);
        timer ??= setTimeout(flush, GATHER_MS); // a burst of events asks once
    }
  };
  if (typeof SharedWorker === "undefined") {
    const stream = openStream(hear);
    restart(() => stream.restart());
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }
  const stop = share(hear, restart);
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** Listens through the worker all pages share; alone when its script never came or it no longer answers. */
export function share(hear: (message: Live) => void, restart: (again: () => void) => void): () => void {
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "shoutu-live" });
  const bye = (): void => worker.port.postMessage("bye");
  let own: Stream | null = null;
  let watch: ReturnType<typeof setTimeout> | undefined;
  const alone = (): void => {
    clearTimeout(watch);
    worker.port.onmessage = null;
    bye();
    hear({ kind: "lost" });
    own ??= openStream(hear, true);
  };
  const wait = (): void => {
    clearTimeout(watch);
    watch = setTimeout(() => {
      worker.port.postMessage("there"); // a page that slept finds its timer run out, and its messages still to be read
      watch = setTimeout(alone, ANSWER_MS);
    }, STILL_MS);
  };
  worker.onerror = alone;
  worker.port.onmessage = (event: MessageEvent<Live>) => {
    wait();
    hear(event.data);
  };
  worker.port.start();
  watch = setTimeout(alone, ANSWER_MS);
  restart(() => (own ? own.restart() : worker.port.postMessage("restart")));
  // Back from the browser's cache: the goodbye was early.
  const back = (event: PageTransitionEvent): void => {
    if (event.persisted && own === null) worker.port.postMessage("there");
  };
  window.addEventListener("pagehide", bye);
  window.addEventListener("pageshow", back);
  return () => {
    window.removeEventListener("pagehide", bye);
    window.removeEventListener("pageshow", back);
    clearTimeout(watch);
    worker.onerror = null;
    worker.port.onmessage = null; // what is still under way must wake nothing
    bye();
    own?.close();
  };
}

/** Where there is no line to listen on: it stands as long as what is asked again is answered. */
export function usePolled(client: QueryClient): void {
  useEffect(
    () =>
      client.getQueryCache().subscribe((event) => {
        if (event.type !== "updated") return;
        if (event.action.type === "success") setLine("live");
        else if (event.action.type === "error" && isUnreached(asProblem(event.action.error).status)) setLine("lost");
      }),
    [client],
  );
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
