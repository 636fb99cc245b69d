import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { PointQuality, QualitySummary, Repair } from "../../api/quality";
import zh from "../../i18n/zh.json";
import { clockWords, dayWords, faults, percent, repairWord, sentence } from "./quality";

const summary: QualitySummary = { day: "2026-11-26", finished_at: null, points: 46, judged: 44, poor: 0, poor_enterprises: 0, faulty: 0, late: 0, intervals: 3, late_minutes: 15, floor: 0.9, verified: false };
const row = { readings: 10, counted_s: 86_400, online_s: 43_200, online: 0.5, stuck_s: null, implausible: 0, skew_s: null } as PointQuality;

describe("data quality in words", () => {
  beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } }));
  it("never writes what is not quite all as all", () => {
    expect(percent(1)).toBe("100.0\u00a0%");
    expect(percent(0.9999)).toBe("99.9\u00a0%");
    expect(percent(0.0001)).toBe("0.1\u00a0%");
    expect(percent(0)).toBe("0.0\u00a0%");
    expect(percent(null)).toBe("不计入");
  });
  it("says first whose devices are to be repaired", () => {
    expect(sentence({ ...summary, poor: 7, poor_enterprises: 3 })).toBe("3 家企业 7 个测点要修：11月26日在线率低于 90 %");
    expect(sentence(summary)).toBe("11月26日 44 个测点没有要修的：在线率都不低于 90 %");
    expect(sentence({ ...summary, faulty: 3, late: 1 })).toBe("11月26日 44 个测点在线率都不低于 90 %；现在 3 个测点设备故障，1 个超时未修");
    expect(sentence({ ...summary, judged: 0 })).toBe("11月26日 46 个测点全天都不计入：维护、标校或停产");
    expect(sentence({ ...summary, day: null })).toContain("还没有");
  });
  it("names what is wrong with a point", () => {
    expect(faults(row, 0.9)).toEqual(["离线 12 小时"]);
    expect(faults({ ...row, readings: 0, online: 0, online_s: 0 }, 0.9)).toEqual(["一个数也没有来"]);
    expect(faults({ ...row, online: 1, stuck_s: 7200, implausible: 2, skew_s: -90 }, 0.9)).toEqual(["不变 2 小时", "超量程 2 次", "时钟慢 1 分"]);
    expect(faults({ ...row, online: null, counted_s: 0, readings: 0 }, 0.9)).toEqual([]);
  });
  it("says what the limit of a repair is of", () => {
    const clock = { kind: "repair" } as Repair["clock"];
    expect(repairWord({ clock, state: "answered" })).toBe("修复");
    expect(repairWord({ clock: null, state: "done" })).toBe("已反馈，没有修复时限");
    expect(repairWord({ clock: null, state: "none" })).toBe("没有叫人");
  });
  it("takes a second of delay for no wrong clock", () => {
    expect(clockWords(-0.8)).toBe("时钟准");
    expect(clockWords(null)).toBe("时钟看不出");
    expect(dayWords("2026-01-05")).toBe("1月5日");
  });
});
