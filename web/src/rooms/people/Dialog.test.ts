import { describe, expect, it } from "vitest";
import { fits, lacking, withChosen } from "./Dialog";

describe("the options of a picker", () => {
  const found = [{ value: 1, label: "a" }, { value: 2, label: "b" }];
  it("hold what is chosen by its name, though the server lists others first", () => {
    expect(withChosen(found, [300], new Map([[300, "c"]]))).toEqual([{ value: 300, label: "c" }, ...found]);
    expect(withChosen(found, [2], new Map())).toEqual(found);
  });
  it("are only such as were typed, also before the server has answered", () => {
    expect(fits(" 监管 ", { label: "矿山监管股长" })).toBe(true);
    expect(fits("监管", { label: "值班员" })).toBe(false);
    expect(fits("A", { label: "a" })).toBe(true);
    expect(fits("x", undefined)).toBe(false);
  });
  it("never name what is chosen by a bare number", () => {
    expect(withChosen([], [300], new Map())[0]?.label).not.toMatch(/300/);
  });
});

it("names what a form still lacks, in the order of its fields", () => {
  expect(lacking([["账号", true], ["初始密码", false], ["角色", false]])).toEqual(["初始密码", "角色"]);
  expect(lacking([])).toEqual([]);
});
