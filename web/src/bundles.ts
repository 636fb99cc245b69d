import { stillHeader } from "./api/still";

/**
 * A part that cannot be fetched: the line is broken, or the county has another build by now and the old files are gone.
 *
 * Only a new build is helped by loading the page anew, and only once a minute: a page that keeps loading shows nothing.
 * Nothing is loaded anew while something is being written, or while the county is not reached: then the boundary round
 * the page says what is the matter and offers both.
 */
const MARK = "shoutu.renewed";
const PAUSE_MS = 60_000;

/** The scripts an index page starts with. Pure. */
export function scriptsIn(html: string): string[] {
  return [...html.matchAll(/<script\b[^>]*\bsrc="([^"]+)"/g)].map((found) => found[1] ?? "");
}

/** Whether the county serves another build than the one that runs here. Pure. */
export function isOther(running: readonly string[], html: string): boolean {
  const served = scriptsIn(html);
  return served.length > 0 && running.length > 0 && !served.some((one) => running.includes(one));
}

/** Whether something is being written on this page. */
export function writing(): boolean {
  return [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("textarea,input")].some((field) => field.type !== "checkbox" && field.type !== "radio" && field.value !== "");
}

/** Loads the page anew when that helps, and `may` still says so once the county has answered; resolves to whether it does. */
export async function renew(may: () => boolean = () => true): Promise<boolean> {
  const last = Number(sessionStorage.getItem(MARK) ?? 0);
  if (writing() || Date.now() - last < PAUSE_MS) return false;
  const page = await fetch("/", { cache: "no-store", headers: stillHeader() });
  if (!page.ok) return false;
  const running = [...document.scripts].map((script) => script.getAttribute("src") ?? "").filter((src) => src !== "");
  if (!isOther(running, await page.text()) || !may()) return false;
  sessionStorage.setItem(MARK, String(Date.now()));
  window.location.reload();
  return true;
}

/** Hears of every part that could not be fetched, wherever it is asked for. */
export function watchBundles(): void {
  window.addEventListener("vite:preloadError", () => void renew().catch(() => false));
}
