import { beforeAll, describe, expect, it } from "vitest";
import i18next from "i18next";
import zh from "../i18n/zh.json";
import { ago, clockTime, date, moment, span, spanWords, wall } from "./words";
import { digitsOf, figure, keepUnits, placesOf, unitFigure, valueWords } from "./figure";

const S = 1000;
const M = 60 * S;
const H = 60 * M;

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

describe("span", () => {
  it("pads a countdown, not a taken time", () => {
    expect(span(46 * S, "pad")).toBe("00:46");
    expect(span(12 * M + 40 * S, "pad")).toBe("12:40");
    expect(span(83 * S, "plain")).toBe("1:23");
  });

  it("uses words from an hour on", () => {
    expect(span(113 * M, "pad")).toBe("1 小时 53 分");
    expect(span(113 * M, "pad", true)).toBe("1 时 53 分");
    expect(span(H, "pad")).toBe("1 小时");
  });

  it("never shows a negative figure", () => {
    expect(span(-5 * S, "pad")).toBe("00:00");
  });
});

describe("spanWords", () => {
  it("chooses the unit that is read", () => {
    expect([46 * S, 26 * M + 9 * S, 24 * H, 27 * H, 73 * H].map((ms) => spanWords(ms))).toEqual(["46 秒", "26 分", "1 天", "1 天 3 小时", "3 天"]);
  });
});

describe("wall time", () => {
  it("is the county's, whatever zone this machine keeps", () => {
    expect(clockTime("2026-07-21T06:05:12Z")).toBe("14:05:12");
    expect(date("2026-07-20T16:30:00Z")).toBe("2026-07-21");
    expect(wall("2026-07-20T16:00:00Z").hour).toBe("00");
  });

  it("drops the date today, names the day otherwise", () => {
    const now = Date.parse("2026-07-21T06:00:00Z");
    expect(moment("2026-07-21T01:02:03Z", now)).toBe("09:02:03");
    expect(moment("2026-07-20T01:02:03Z", now)).toBe("7月20日 09:02");
  });
});

describe("ago", () => {
  it("reads a stamp ahead of the clock as just now", () => {
    expect(ago(10 * M, 0)).toBe("刚刚");
    expect(ago(0, 3 * M + 20 * S)).toBe("3 分钟前");
    expect(ago(0, 25 * H)).toBe("1 天前");
  });
});

describe("figure", () => {
  it("keeps the true minus and the thousands", () => {
    expect(figure(-2.5)).toBe("−2.5");
    expect(figure(182934)).toBe("182,934");
    expect(figure(6, 2)).toBe("6.00");
  });

  it("needs no more digits than tell the values apart", () => {
    expect(digitsOf([6, 6.6, 7.25])).toBe(2);
    expect(digitsOf([1, 2])).toBe(0);
    expect(digitsOf([0.12345])).toBe(3);
  });

  it("writes one unit with one number of decimals, and rounds nothing away to nought", () => {
    expect([unitFigure(811.578, "m"), unitFigure(738.5, "m"), unitFigure(0, "mm/h"), unitFigure(26, "ppm"), unitFigure(0.004, "m"), unitFigure(1.2345, "x")]).toEqual(["811.58", "738.50", "0.0", "26", "0.004", "1.23"]);
    expect(valueWords(5.968, "m")).toBe("5.97\u00a0m");
  });

  it("never writes a value with fewer decimals than the limit beside it, nor as equal to a limit it is beyond", () => {
    const ppm = { decimals: null, beside: 2.5 };
    expect([valueWords(2.6, "ppm", ppm), valueWords(2.5, "ppm", ppm)]).toEqual(["2.6\u00a0ppm", "2.5\u00a0ppm"]);
    expect(unitFigure(2.6, "ppm")).toBe("2.6");
    expect(unitFigure(26.4, "ppm", { decimals: 0, beside: 24 })).toBe("26");
    expect(unitFigure(24.2, "ppm", { decimals: 0, beside: 24 })).toBe("24.2");
    expect(unitFigure(5.9961, "m", { decimals: 2, beside: 6 })).toBe("5.996");
    expect(unitFigure(0.0125, "m", { decimals: 2, beside: 0.0125 })).toBe("0.0125");
  });

  it("counts the decimals of a limit, computed ones too", () => {
    expect([placesOf(6), placesOf(2.5), placesOf(7.199999999999999), placesOf(100 / 3), placesOf(0.0005)]).toEqual([0, 1, 1, 1, 4]);
  });

  it("ties a figure to its unit", () => {
    expect(keepUnits("埋深 5.96 m，增 22 %")).toBe("埋深 5.96\u00a0m，增 22\u00a0%");
    expect(keepUnits("库房温度 31.30 ℃，高于")).toBe("库房温度 31.30\u00a0℃，高于");
    expect(keepUnits("第 3 次")).toBe("第 3 次");
  });
});
