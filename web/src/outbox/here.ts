import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api, got } from "../api/client";
import { acts, hearChanged, hearSent } from "./acts";
import type { Photograph, Place } from "./photograph";
import { Outbox, type Unsent } from "./outbox";
import { wire } from "./send";
import { deviceStore } from "./store";

const NAME = "shoutu.outbox";
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(NAME);
let heard: (photograph: Photograph) => void = () => undefined;

hearChanged(() => channel?.postMessage("changed"));

/** This window's outbox. */
export const outbox = new Outbox({
  store: deviceStore(),
  wire,
  who: async () => (await got(api.GET("/api/v1/session", { signal: AbortSignal.timeout(20_000) }))).user.id,
  sent: (photograph) => heard(photograph),
  tell: () => channel?.postMessage("changed"),
  // Locks are there only over HTTPS. Without, two windows may send the same: it is one piece to the county.
  alone: (run) => (navigator.locks === undefined ? run() : navigator.locks.request(NAME, { ifAvailable: true }, (lock) => (lock === null ? undefined : run()))) as Promise<void>,
});

/** Sends what this user left on this device, and goes on while they are signed in. */
export function useSending(user: number | null): void {
  const client = useQueryClient();
  useEffect(() => {
    heard = () => {
      for (const old of ["warnings", "ledger"]) void client.invalidateQueries({ queryKey: [old] });
    };
    hearSent(() => {
      for (const old of ["duties", "warnings", "status", "ledger"]) void client.invalidateQueries({ queryKey: [old] });
    });
    void outbox.become(user);
    void acts.become(user);
    const now = (): void => {
      void outbox.flush();
      void acts.flush();
    };
    const seen = (): void => {
      if (document.visibilityState === "visible") now();
    };
    // Only what this page alone holds is lost with it.
    const leaving = (event: BeforeUnloadEvent): void => {
      if (outbox.taking().length > 0 || outbox.items().some((one) => !one.kept) || acts.items().some((one) => !one.kept)) event.preventDefault();
    };
    const changed = (): void => void Promise.all([outbox.load(), acts.load()]).then(now);
    window.addEventListener("online", now);
    window.addEventListener("beforeunload", leaving);
    document.addEventListener("visibilitychange", seen);
    channel?.addEventListener("message", changed);
    return () => {
      window.removeEventListener("online", now);
      window.removeEventListener("beforeunload", leaving);
      document.removeEventListener("visibilitychange", seen);
      channel?.removeEventListener("message", changed);
    };
  }, [client, user]);
}

export function useUnsent(): readonly Unsent[] {
  return useSyncExternalStore(outbox.subscribe, outbox.items);
}

/** What the photographs being taken up are about, one each. */
export function useTaking(): readonly string[] {
  return useSyncExternalStore(outbox.subscribe, outbox.taking);
}

/** Asks the browser not to throw away what lies here when the disk gets full. */
export function askToStay(): void {
  void navigator.storage?.persist?.().catch(() => false);
}

/** Where the device stands, if the person lets it tell; null without, or where it takes too long. */
export function whereAmI(): Promise<Place | null> {
  if (!window.isSecureContext || !("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ longitude: coords.longitude, latitude: coords.latitude, accuracy_m: coords.accuracy }),
      () => resolve(null),
      { enableHighAccuracy: true, maximumAge: 60_000, timeout: 20_000 },
    );
  });
}
