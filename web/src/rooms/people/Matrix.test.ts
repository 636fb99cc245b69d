import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { headline } from "./Matrix";
import type { MatrixRow } from "./queries";

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

const cell = { post_id: 7, post: "库长", organisation: "甲矿", rung: "enterprise_duty", person: null, stands_for: null, state: "nobody" };
const row = { id: 1, name: "甲矿尾矿库", missing: [], cells: { enterprise: [cell] } } as unknown as MatrixRow;
const held = { ...row, id: 2, cells: { enterprise: [{ ...cell, post_id: 8, state: "held", person: "张**" }] } } as unknown as MatrixRow;

describe("the matrix's sentence", () => {
  it("names what is missing before what is empty", () => {
    expect(headline([{ ...row, missing: ["sector"] } as unknown as MatrixRow, held], 2)).toContain("缺 1 项责任");
  });
  it("never calls it well while a post is held by nobody, counted once", () => {
    expect(headline([row, { ...row, id: 3 } as unknown as MatrixRow, held], 3)).toContain("1 个岗位无人");
  });
  it("says all is well only when it is", () => {
    expect(headline([held], 1)).toBe("1 个场所，各类责任都有岗位");
  });
});
