import { describe, expect, it } from "vitest";
import { drawingsOf } from "./drawings";
import type { Paper } from "./queries";

function paper(id: number, format: "pdf" | "png", at: string, more: Partial<Paper> = {}): Paper {
  const version = { number: 1, sha256: "0".repeat(64), size: 1, format, file: `a.${format}`, note: "", at, by: "" };
  return { id, kind: "drawing", title: `${id}`, personal: false, versions: [version], organisation: { id: 1, name: "" }, site: null, withdrawn: false, ...more };
}

describe("drawings of a dossier", () => {
  it("shows pictures, the one changed last first, and lets the rest be saved", () => {
    const { shown, saved } = drawingsOf([paper(1, "png", "2026-01-01T00:00:00Z"), paper(2, "pdf", "2026-03-01T00:00:00Z"), paper(3, "png", "2026-02-01T00:00:00Z")]);
    expect(shown.map((one) => one.id)).toEqual([3, 1]);
    expect(saved.map((one) => one.id)).toEqual([2]);
  });

  it("shows nothing unasked that names persons, and no paper of another kind", () => {
    const { shown, saved } = drawingsOf([paper(1, "png", "2026-01-01T00:00:00Z", { personal: true }), paper(2, "png", "2026-01-01T00:00:00Z", { kind: "plan" })]);
    expect(shown).toEqual([]);
    expect(saved.map((one) => one.id)).toEqual([1]);
  });
});
