import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { lackWords, needOrder, needWords } from "./needs";

describe("what the standards require", () => {
  beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } }));
  it("puts what is lacking first", () => {
    expect(needOrder([{ state: "met" }, { state: "silent" }, { state: "missing" }, { state: "unheard" }]).map((one) => one.state)).toEqual(["missing", "unheard", "silent", "met"]);
  });
  it("says how many are required, installed and reporting", () => {
    expect(needWords({ count: 2, there: 1, reporting: 0 })).toBe("应装 2，已装 1，在报 0");
    expect(needWords({ count: 1, there: 1, reporting: null })).toBe("应有 1，已有 1");
  });
  it("names what is not well, a clause for each way", () => {
    expect(lackWords([{ state: "missing", title: "降水量" }, { state: "met", title: "库水位" }, { state: "unheard", title: "浸润线" }, { state: "missing", title: "视频" }])).toBe("缺：降水量、视频；装了没报过数：浸润线");
    expect(lackWords([{ state: "met", title: "库水位" }])).toBe("");
  });
});
