import { describe, expect, it } from "vitest";
import { isNotTheirs, readProblem } from "./problem";

describe("readProblem", () => {
  it("keeps field, code and facts of a refusal", () => {
    const told = readProblem(422, { detail: "d", field: "settings.url", expected: "e", code: "address.not_listed", facts: { scheme: "http", host: "10.0.0.9", n: 3 } });
    expect([told.status, told.message, told.field, told.expected, told.code, told.facts]).toEqual([422, "d", "settings.url", "e", "address.not_listed", { scheme: "http", host: "10.0.0.9" }]);
  });

  it("says what stands under a key that was used already, and where", () => {
    const told = (recorded: unknown) => readProblem(409, { detail: "d", code: "key.reused", recorded }).recorded;
    expect(told({ text: "R1 初报", subject: { type: "report", id: 4 } })).toEqual({ text: "R1 初报", subject: { type: "report", id: 4 } });
    expect(told({ text: "…", subject: null })).toEqual({ text: "…", subject: null });
    expect(told("x")).toBeNull();
  });

  it("has no code where the server names none, and stands whatever comes", () => {
    for (const body of [null, "x", [], { detail: 7, facts: "x" }]) {
      const told = readProblem(500, body);
      expect([told.message, told.code, told.facts]).toEqual(["", null, {}]);
    }
  });

  it("knows a refusal that names nothing but a right from one that says why", () => {
    expect(isNotTheirs(readProblem(403, { detail: "no “setting.read”", permission: "setting.read" }))).toBe(true);
    expect(isNotTheirs(readProblem(403, { detail: "a mine asks, two of the county agree", permission: "silence.grant" }))).toBe(false);
    expect(isNotTheirs(readProblem(409, { detail: "setting.read", permission: "setting.read" }))).toBe(false);
  });
});
