import { api, got } from "../api/client";
import type { components } from "../api/schema";
import { keepKey } from "./key";

export type Opened = components["schemas"]["EmbedOpen"];

/** What an address asks for: its ticket, and how the page is to look. Pure. */
export function asked(url: URL): { ticket: string; tone: "light" | "dark" | null; tongue: "zh" | "en" } {
  const tone = url.searchParams.get("tone");
  return {
    ticket: url.hash.slice(1),
    tone: tone === "light" || tone === "dark" ? tone : null,
    tongue: url.searchParams.get("language") === "en" ? "en" : "zh",
  };
}

let opening: Promise<Opened> | null = null;

/** Opens the page of the address's ticket: once, however often it is called. */
export function open(): Promise<Opened> {
  opening ??= (async () => {
    const { ticket } = asked(new URL(window.location.href));
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    const found = await got(api.POST("/api/v1/embeds/open", { body: { ticket } }));
    keepKey(found.key);
    return found;
  })();
  return opening;
}

/** The one place of a frame, as the face's own pages call it. Pure. */
export function placeOf(opened: Pick<Opened, "page" | "site">): string {
  return opened.page === "site" ? `/sites/${opened.site}` : `/${opened.page}`;
}
