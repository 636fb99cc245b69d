import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { groundWords, lackingWords } from "./Lacking";
import type { SiteLacking } from "./queries";

const site: SiteLacking = {
  id: 1,
  name: "1 号矿",
  site_kind: "open_pit",
  organisation: { id: 2, name: "甲矿" },
  lacking: [
    { kind: "a", title: "安全生产许可证", ground: "《安全生产许可证条例》", verified: false },
    { kind: "b", title: "主要负责人考核合格证", ground: "《安全生产法》", verified: true },
    { kind: "c", title: "安全管理人员考核合格证", ground: "《安全生产法》", verified: true },
    { kind: "d", title: "其他证照", ground: "", verified: false },
  ],
};

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

describe("what a site lacks", () => {
  it("is named kind by kind", () => {
    expect(lackingWords(site)).toBe("安全生产许可证、主要负责人考核合格证、安全管理人员考核合格证、其他证照");
  });

  it("rests on each ground once, and says which is still to be checked", () => {
    expect(groundWords(site)).toBe("《安全生产许可证条例》（来源待核）、《安全生产法》");
  });
});
