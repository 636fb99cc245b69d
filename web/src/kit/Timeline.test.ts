import { describe, expect, it } from "vitest";
import type { TimelineRow } from "../api/types";
import { gather } from "./Timeline";

const row = (second: number, text: string, by = "x"): TimelineRow => ({ at: new Date(second * 1000).toISOString(), text, by, via: "", ledger_id: second });

describe("gather", () => {
  it("makes one line of the same words within a minute, newest first, whatever stands between", () => {
    const lines = gather([row(0, "seen"), row(10, "called"), row(20, "seen"), row(200, "seen")]);
    expect(lines.map((line) => [line.row.text, line.times, line.row.ledger_id])).toEqual([
      ["seen", 1, 200],
      ["seen", 2, 20],
      ["called", 1, 10],
    ]);
  });

  it("keeps apart what different people did", () => {
    expect(gather([row(0, "seen", "a"), row(1, "seen", "b")])).toHaveLength(2);
  });
});
