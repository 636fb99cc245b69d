import { t } from "i18next";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useNavigate } from "react-router";
import { duties } from "../api/queries";
import type { Duty } from "../api/types";
import { mayKeep } from "./build";
import { callsIn, newCalls, noticeOf, timesOf } from "./calls";
import { closeThose, showOnce } from "./shown";

/**
 * Calls shown outside the page, while it is open somewhere behind others. A telephone that sleeps runs no page: what
 * reaches it then are the county's channels (SMS, voice). See docs/decisions/0062.
 */
const KEY = "shoutu.notify";
const listeners = new Set<() => void>();

export type Notices = "on" | "off" | "refused" | "unable";

function chosen(): boolean {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false;
  }
}

/** Whether this browser can show them here at all: over HTTPS, with a service worker. */
function able(): boolean {
  return mayKeep() && "Notification" in window;
}

function stands(): Notices {
  if (!able()) return "unable";
  if (Notification.permission === "denied") return "refused";
  return chosen() && Notification.permission === "granted" ? "on" : "off";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // What was allowed or taken back in the browser's own settings meanwhile.
  document.addEventListener("visibilitychange", listener);
  const gone = new AbortController();
  const watch = async (): Promise<void> => {
    const leave = await navigator.permissions.query({ name: "notifications" });
    if (gone.signal.aborted) return;
    leave.addEventListener("change", listener, { signal: gone.signal });
    listener();
  };
  if (able()) void watch().catch(() => undefined); // a browser that cannot be asked is looked at when the page is
  return () => {
    gone.abort();
    listeners.delete(listener);
    document.removeEventListener("visibilitychange", listener);
  };
}

export function useNotices(): Notices {
  return useSyncExternalStore(subscribe, stands);
}

/** Turned on or off by a press; only then is the browser's leave asked for. */
export async function switchNotices(): Promise<void> {
  const on = stands() !== "on" && (await Notification.requestPermission()) === "granted";
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // storage may be refused by the browser's settings: then they stay off, and the page says so
  }
  listeners.forEach((listener) => listener());
}

const ENDED = "session-ended";
const tagOf = (id: number): string => `call-${id}`;

async function show(duty: Duty): Promise<void> {
  const { title, body } = noticeOf(duty);
  const options = { body, renotify: true, requireInteraction: true, icon: "/icons/192.png", data: { url: `/answer/${duty.id}` } };
  await showOnce(await navigator.serviceWorker.ready, tagOf(duty.id), timesOf(duty), title, options);
}

/** Answered, done or called off: it stands there no more. */
async function takeBack(still: ReadonlyMap<number, number>): Promise<void> {
  await closeThose(await navigator.serviceWorker.ready, (tag) => tag.startsWith("call-") && !still.has(Number(tag.slice(5))));
}

/** Says once that nobody is called here any more: the session ended while the page was not looked at. */
async function sayEnded(): Promise<void> {
  const options = { body: t("notify.ended.words"), requireInteraction: true, icon: "/icons/192.png", data: { url: "/login" } };
  await showOnce(await navigator.serviceWorker.ready, ENDED, 1, t("notify.ended"), options);
}

/** Tells whoever wanted to be called that their session ended elsewhere or by time; a page that is looked at shows it. */
export function useEndedNotice(ended: boolean): void {
  useEffect(() => {
    if (ended && stands() === "on" && isAway()) void sayEnded().catch(() => undefined);
  }, [ended]);
}

const isAway = (): boolean => document.visibilityState !== "visible" || !document.hasFocus();

/** Who signs out leaves none of their calls standing on this device's screen. */
export async function forgetNotices(): Promise<void> {
  if (able()) await takeBack(new Map()).catch(() => undefined);
}

/** The wall is nobody's desk: what is pressed opens elsewhere, and it stays. */
const isWall = (): boolean => window.location.pathname === "/screen";

/** Shows what calls me while this page is not looked at, takes it back when it calls no more, and opens it when pressed. */
export function useCallNotices(user: number | null): void {
  const on = useNotices() === "on" && user !== null;
  const mine = useQuery({ ...duties("mine"), enabled: on }).data?.items;
  const navigate = useNavigate();
  const before = useRef<Map<number, number> | null>(null);
  useEffect(() => {
    if (!on || mine === undefined) {
      before.current = null;
      return;
    }
    const now = callsIn(mine);
    const fresh = before.current === null ? [] : newCalls(before.current, now);
    before.current = now;
    const away = isAway();
    for (const duty of mine) if (away && fresh.includes(duty.id)) void show(duty).catch(() => undefined);
    void takeBack(now).catch(() => undefined);
  }, [mine, on]);
  useEffect(() => {
    if (on) void navigator.serviceWorker.ready.then((registration) => closeThose(registration, (tag) => tag === ENDED)).catch(() => undefined);
  }, [on]);
  // Signed out, or turned off: nothing of what called me is left standing on a screen others see.
  useEffect(() => (on ? () => void forgetNotices() : undefined), [on]);
  useEffect(() => {
    if (!able()) return undefined;
    const open = (event: MessageEvent<{ open?: unknown } | null>): void => {
      if (typeof event.data?.open !== "string" || isWall()) return;
      event.ports[0]?.postMessage("opened");
      void navigate(event.data.open);
    };
    navigator.serviceWorker.addEventListener("message", open);
    return () => navigator.serviceWorker.removeEventListener("message", open);
  }, [navigate]);
}
