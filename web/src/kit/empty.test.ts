import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import zh from "../i18n/zh.json";
import { whyEmpty } from "./empty";

const lists = ["warnings", "sites", "points"] as const;
const rescue = { user: { role: "rescue_lead" }, permissions: [] };
const mine = { user: { role: "principal" }, permissions: ["unclaimed.read"] };
const administrator = { user: { role: "administrator" }, permissions: ["unclaimed.read", "site.create"] };

describe("an empty list", () => {
  beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, resources: { zh: { translation: zh } } }));

  it("never tells a rescue team that all is well where it cannot see", () => {
    expect(lists.map((list) => whyEmpty(list, rescue, false))).toEqual(lists.map((list) => zh[`${list}.empty.called`]));
    expect(whyEmpty("warnings", rescue, false)).toContain("看不见");
    expect(whyEmpty("warnings", rescue, false)).not.toContain("没有越线");
  });
  it("asks nobody to enter sites who may not", () => {
    expect(whyEmpty("sites", mine, false)).toBe(zh["sites.empty.ask"]);
    expect(whyEmpty("sites", administrator, false)).toBe(zh["sites.empty.words"]);
  });
  it("is for a filter first, whoever set it", () => {
    for (const list of lists) for (const who of [rescue, mine, administrator]) expect(whyEmpty(list, who, true)).toBe(zh["warnings.empty.widen"]);
  });
});
