import { afterEach, describe, expect, it, vi } from "vitest";
import { isOther, scriptsIn, watchBundles } from "./bundles";

const page = (name: string): string => `<!doctype html><script type="module" crossorigin src="/assets/${name}.js"></script><link rel="stylesheet" href="/assets/a.css">`;

describe("another build", () => {
  it("is one whose first script is another file", () => {
    expect(scriptsIn(page("index-1"))).toEqual(["/assets/index-1.js"]);
    expect(isOther(["/assets/index-1.js"], page("index-2"))).toBe(true);
    expect(isOther(["/assets/index-1.js"], page("index-1"))).toBe(false);
  });
  it("is not seen in an answer that is no page of ours: an error page must not make this one load anew", () => {
    expect(isOther(["/assets/index-1.js"], "<h1>502</h1>")).toBe(false);
  });
});

describe("asking for the newest build", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  it("says how long nobody has touched the page: it asks by itself, and keeps no session alive", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    const window = new EventTarget();
    vi.stubGlobal("window", window);
    vi.stubGlobal("document", { querySelectorAll: () => [], scripts: [] });
    vi.stubGlobal("sessionStorage", { getItem: () => null });
    const asked = vi.fn(async (_url: string, _init: RequestInit) => new Response("", { status: 502 }));
    vi.stubGlobal("fetch", asked);
    watchBundles();
    window.dispatchEvent(new Event("vite:preloadError"));
    expect(asked).toHaveBeenCalledOnce();
    expect(Number(new Headers(asked.mock.calls[0]?.[1].headers).get("X-Shoutu-Still"))).toBeGreaterThanOrEqual(60);
  });
});
