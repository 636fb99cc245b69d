import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { headline } from "./Matrix";

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

describe("the matrix's sentence", () => {
  it("names what is missing before what is empty", () => {
    expect(headline(2, 1, 1)).toBe("2 个场所，缺 1 项责任");
  });
  it("never calls it well while a post is held by nobody", () => {
    expect(headline(3, 0, 1)).toBe("3 个场所，1 个岗位无人");
  });
  it("says all is well only when it is", () => {
    expect(headline(1, 0, 0)).toBe("1 个场所，各类责任都有岗位");
  });
});
