import { describe, expect, it } from "vitest";

const sheets = import.meta.glob<string>("./**/*.css", { query: "?raw", import: "default", eager: true });
// Adds to what others draw, on purpose: sizes for the thumb, for a frame and for paper.
const adding = ["./phone/phone.css", "./embed/embed.css", "./print.css"];

/** Every class that stands alone as a selector, with the files that draw it. */
function drawn(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of Object.entries(sheets).filter(([name]) => !adding.includes(name))) {
    for (const [, selectors = ""] of text.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/([^{}]+)\{/g)) {
      for (const selector of selectors.split(",").map((one) => one.trim())) {
        if (/^\.[\w-]+$/.test(selector)) found.set(selector, (found.get(selector) ?? new Set()).add(file));
      }
    }
  }
  return found;
}

describe("style sheets", () => {
  it("are found", () => {
    expect(drawn().size).toBeGreaterThan(100);
  });
  it("draw a class in one file only: rooms are loaded one after another, and the one before would leak into the next", () => {
    expect([...drawn()].filter(([, files]) => files.size > 1).map(([selector, files]) => [selector, ...files])).toEqual([]);
  });
});
