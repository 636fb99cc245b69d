import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { Backtest, BacktestBrief, BacktestManyRow, BacktestRow } from "../../api/types";
import zh from "../../i18n/zh.json";
import { formAddress, leadWords, limitWords, singleAddress, standingAt, summed, textsOfAddress, worstFirst } from "./backtest";

function row(factor: number, levels: Record<string, unknown>): BacktestRow {
  return { factor, params: { levels }, levels: [], at: [], stood: [] };
}

describe("a threshold that was tried", () => {
  it("is carried to the rule's form and read back there", () => {
    const address = formAddress(7, row(0.9, { "4": 5.4, "2": [1, 2.5] }));
    const text = new URL(address, "http://county").searchParams.get("levels");
    expect(textsOfAddress(text)).toEqual({ "levels.4": "5.4", "levels.2.0": "1", "levels.2.1": "2.5" });
  });

  it("is nothing where the address says something else", () => {
    for (const text of [null, "", "{", "7", '{"9":1,"4":"x","raise_for_s":0}']) expect(textsOfAddress(text)).toEqual({});
  });
});

describe("an event", () => {
  beforeAll(async () => {
    await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
  });

  it("that no level came before was missed, or had no readings to tell by", () => {
    expect(leadWords(null, true)).not.toBe(leadWords(null, false));
    expect(leadWords(null, false)).toContain("没有读数");
    expect(leadWords(0.5, true)).toContain("30");
  });
});

describe("the thresholds", () => {
  it("begin at the rule in force", () => {
    const sweep = [0.5, 0.95, 1.05].map((factor) => row(factor, {}));
    expect(standingAt({ sweep } as unknown as Backtest)).toBe(1);
  });

  it("are written with their side", () => {
    const levels = [{ level: 4, value: 5, direction: "low" as const }, { level: 4, value: 9, direction: "high" as const }];
    expect(limitWords(levels, 4)).toBe("\u2264 5 / \u2265 9");
  });
});

describe("many rules", () => {
  const at = (level: number, missed: number, vain: number | null): BacktestBrief => ({ level, tried: 2, missed, median_lead: null, false: 0, false_per_month: vain, false_hours_per_month: null });
  const one = (...levels: BacktestBrief[]): BacktestManyRow => ({ levels, why: null, readings: 9 }) as unknown as BacktestManyRow;

  it("are summed by their mildest level, which stands wherever a higher one does", () => {
    expect(summed([one(at(4, 2, 0), at(1, 0, 0.5)), one(at(2, 1, 3)), one(at(1, 0, null)), one()])).toEqual({ reckoned: 3, tried: 3, missed: 1, most: 3 });
    expect(summed([])).toEqual({ reckoned: 0, tried: 0, missed: 0, most: 0 });
    expect(summed([one({ ...at(1, 0, 0), tried: 0 })])).toEqual({ reckoned: 1, tried: 0, missed: 0, most: 0 });
  });

  it("come with those first that missed, then those that call in vain, and last what could not be reckoned", () => {
    const rows = [{ ...one(at(1, 2, 9)), why: "x" }, one(at(1, 0, 1)), one(at(4, 9, 0), at(1, 0, 5)), one(at(1, 1, null)), one(at(1, 2, 0)), { ...one(at(1, 2, 9)), readings: 0 }];
    expect(worstFirst(rows).map((row) => rows.indexOf(row))).toEqual([4, 3, 2, 1, 0, 5]);
  });

  it("lead each to its own page over the same time", () => {
    const address = new URL(singleAddress(7, { start: "2026-11-01T00:00:00+08:00", end: "2026-11-02T00:00:00+08:00", before_h: 6 }), "http://county");
    expect(address.pathname).toBe("/rules/id/7/backtest");
    expect(address.searchParams.get("start")).toBe("2026-11-01T00:00:00+08:00");
    expect(address.searchParams.get("before")).toBe("6");
  });
});
