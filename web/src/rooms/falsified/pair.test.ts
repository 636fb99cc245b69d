import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { drawn, sentence, shiftWords } from "./pair";

const HOUR = 3_600_000;
const one = { start: 5 * HOUR, beside_start: 3 * HOUR, factor: 1, offset: 0, kind: "shifted" };
const summary = { day: "2026-11-26", points: 46, left: 0, checking: 0, leads: 0, checks: 0, may: true };

describe("two series side by side", () => {
  beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } }));
  it("draws the line with its stretch, broken where nothing was told", () => {
    const rows: [number, number | null][] = [[0, 1], [10, 3], [20, 2], [30, null], [100, 2]];
    const found = drawn({ start: 10, end: 20, rows, cut: false }, 100, 40);
    expect(found?.path).toBe("M0.0,40.0L10.0,0.0L20.0,20.0M100.0,20.0");
    expect([found?.low, found?.high, found?.band]).toEqual([1, 3, [0.1, 0.2]]);
    expect(drawn({ start: 0, end: 9, rows: [[1, null]], cut: false }, 100, 40)).toBeNull();
    expect(drawn({ start: 0, end: 0, rows: [[0, 5]], cut: false }, 100, 40)?.path).toBe("M0.0,20.0");
  });
  it("says how one follows from the other", () => {
    expect(shiftWords(one)).toContain("晚");
    expect(shiftWords({ ...one, start: 3 * HOUR })).toBe("");
    expect(shiftWords({ ...one, start: 3 * HOUR, factor: 1.37, offset: -5 })).toBe("乘 1.37，减 5");
    expect(shiftWords({ ...one, kind: "pattern" })).toBe("");
    expect(shiftWords({ ...one, beside_start: null })).toBe("");
  });
  it("says first what waits for a decision", () => {
    expect(sentence({ ...summary, checking: 3, checks: 2, leads: 1 })).toBe("3 条存疑读数待现场核查（2 处），另有线索 1 条");
    expect(sentence({ ...summary, leads: 2 })).toBe("2 条线索要看：是不是派人核查");
    expect(sentence(summary)).toBe("没有要定的：11月26日筛查了 46 个测点");
    expect(sentence({ ...summary, day: null })).toBe("还没有筛查过");
  });
});
