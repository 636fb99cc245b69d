/// <reference lib="webworker" />
import { PrecacheController } from "workbox-precaching/PrecacheController.js";

/**
 * Keeps the page and the parts of one build on this device, so that it opens where no line is.
 *
 * Only what every county serves alike is kept: no answer of the API, no live line, nothing a person did.
 */
declare const FILES: { url: string; revision: string | null }[];
/** Fonts of this build, kept when a page first shows their letters: all of them are several megabytes. */
declare const FONTS: string[];

const scope = self as unknown as ServiceWorkerGlobalScope;
const fonts = new Set(FONTS);
const PAGE = "/";
const FONT_STORE = "shoutu.fonts";
/** A line that hangs is worse than none: so long (ms) a page is waited for. */
const PAGE_MS = 4_000;

const parts = new PrecacheController();
parts.addToCacheList(FILES);

async function forgetFonts(): Promise<void> {
  const store = await caches.open(FONT_STORE);
  for (const request of await store.keys()) if (!fonts.has(new URL(request.url).pathname)) await store.delete(request);
}

/** The county's page wherever it is reached, so that who opens anew has the newest build; else the one kept here. */
async function page(request: Request): Promise<Response> {
  const asked = fetch(request).catch(() => null);
  const late = new Promise<null>((resolve) => setTimeout(resolve, PAGE_MS, null));
  const answer = await Promise.race([asked, late]);
  if (answer !== null && answer.status < 500) return answer;
  return (await parts.matchPrecache(PAGE)) ?? (await asked) ?? Response.error();
}

async function font(request: Request): Promise<Response> {
  const store = await caches.open(FONT_STORE);
  const kept = await store.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await store.put(request, answer.clone()).catch(() => undefined); // a full disk loses a font, not the page
  return answer;
}

scope.addEventListener("install", (event) => void parts.install(event));
scope.addEventListener("activate", (event) => {
  void parts.activate(event);
  event.waitUntil(forgetFonts());
});

// A new build waits until a person says so, or all pages of the old one are closed.
scope.addEventListener("message", (event) => {
  if (event.data === "take-over") void scope.skipWaiting();
});

/** Addresses the county answers itself: papers, files, its state. */
const OTHERS = /^\/(api|internal|live|assets|static|embed)\/|^\/(healthz|readyz|metrics|sw\.js|manifest\.webmanifest)$/;

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== scope.location.origin) return;
  if (request.mode === "navigate") {
    if (!OTHERS.test(pathname)) event.respondWith(page(request));
  } else if (pathname.startsWith("/assets/")) {
    if (fonts.has(pathname)) event.respondWith(font(request));
    else if (parts.getCacheKeyForURL(pathname)) event.respondWith(parts.matchPrecache(pathname).then((kept) => kept ?? fetch(request)));
  }
});

/** So long (ms) a window is waited for that may be asleep, at the login page or a wall: a press must lead somewhere. */
const HEARD_MS = 400;

/** Has this window open the path; false where it does not say that it did. */
function opens(there: WindowClient, path: string): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    setTimeout(resolve, HEARD_MS, false);
    port1.onmessage = () => resolve(true);
    there.postMessage({ open: path }, [port2]);
  });
}

/** A call was shown outside the page: a press opens it, in the window that is there already if one is. */
scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = (event.notification.data ?? {}) as { url?: string };
  const path = url !== undefined && url.startsWith("/") && !url.startsWith("//") ? url : "/";
  event.waitUntil(
    scope.clients.matchAll({ type: "window" }).then(async (windows) => {
      // The last one looked at first; two are asked at most, for the press gives leave for a moment only.
      for (const there of windows.filter((one) => one.frameType === "top-level").slice(0, 2)) {
        if (await opens(there, path)) return void (await there.focus().catch(() => undefined));
      }
      await scope.clients.openWindow(path);
    }),
  );
});
