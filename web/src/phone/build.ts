import { useSyncExternalStore } from "react";

/**
 * The service worker: opens the page where no line is, and says when the county has a new build.
 *
 * Browsers give it over HTTPS and to the machine itself only. Without it all works but opening the page without a line.
 */
const ASK_MS = 30 * 60_000;

let waiting: ServiceWorker | null = null;
let taken = false;
const listeners = new Set<() => void>();

function offer(worker: ServiceWorker | null): void {
  waiting = worker;
  listeners.forEach((listener) => listener());
}

function follow(registration: ServiceWorkerRegistration | undefined): void {
  if (!registration) return; // kept from registering, as in a browser driven by a test
  const look = (): void => {
    // The first one on this device replaces nobody.
    if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  };
  look();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", look);
  });
  const ask = (): void => {
    if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
  };
  setInterval(ask, ASK_MS);
  document.addEventListener("visibilitychange", ask);
  window.addEventListener("online", ask);
}

/** Whether this browser gives pages a service worker here. */
export function mayKeep(): boolean {
  return import.meta.env.PROD && window.isSecureContext && "serviceWorker" in navigator;
}

export function startWorker(): void {
  if (!mayKeep()) return;
  const { serviceWorker } = navigator;
  // Another window may have pressed it: only the one that did loads anew, the others go on with what they run.
  serviceWorker.addEventListener("controllerchange", () => {
    if (taken) window.location.reload();
    else offer(null);
  });
  const register = (): void => void serviceWorker.register("/sw.js", { updateViaCache: "none" }).then(follow, () => undefined);
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register);
}

/** Whether a new build lies ready; it is put in place only by `takeNew`. */
export function useNewBuild(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting !== null,
  );
}

/** The same, for who looks only now and then. */
export const liesReady = (): boolean => waiting !== null;

export function takeNew(): void {
  taken = true;
  waiting?.postMessage("take-over");
}
