import { beforeAll, describe, expect, it } from "vitest";
import i18next from "i18next";
import { besideTitle } from "./Left";

const site = { id: 1, name: "甲铁矿尾矿库" };

describe("besideTitle", () => {
  beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, resources: { zh: { translation: { "licence.whole": "全企业", "licence.capacityN": "{{n}} 万 t/a" } } } }));

  it("says whose a licence is among several sites, and always where it is the whole enterprise's", () => {
    expect(besideTitle({ site, capacity: null }, false)).toBe("");
    expect(besideTitle({ site, capacity: null }, true)).toBe("甲铁矿尾矿库");
    expect(besideTitle({ site: null, capacity: null }, false)).toBe("全企业");
  });

  it("tells the capacity that is approved", () => {
    expect(besideTitle({ site: null, capacity: 25 }, true)).toBe("全企业 · 25 万 t/a");
    expect(besideTitle({ site, capacity: 0.5 }, false)).toBe("0.5 万 t/a");
  });
});
