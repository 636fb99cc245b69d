import { describe, expect, it } from "vitest";
import { isOther, scriptsIn } from "./bundles";

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
