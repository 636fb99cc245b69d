import { describe, expect, it } from "vitest";
import type { Action } from "../../api/types";
import { actsAtAll, reasonsOf } from "./acts";

const act = (verb: string, why: string | null): Action => ({ verb, allowed: why === null, why });

it("says each reason once, with all the acts it refuses, and nothing of those allowed", () => {
  expect(reasonsOf([act("withdraw", "已经下令"), act("verify", null), act("feedback", "须先处置"), act("close", "须先处置")])).toEqual([
    { why: "已经下令", verbs: ["withdraw"] },
    { why: "须先处置", verbs: ["feedback", "close"] },
  ]);
});

describe("who only reads a warning", () => {
  it("is shown no row of acts: an auditor, an administrator, a rescue team", () => {
    for (const only of [["warning.read", "ledger.read"], ["warning.read", "user.manage"], ["warning.read", "evacuation.count"], []]) expect(actsAtAll(only)).toBe(false);
  });
  it("is nobody who may do one of them: what is not yet theirs to do stays, with its reason", () => {
    for (const right of ["warning.dispose", "warning.verify", "evacuation.order"]) expect(actsAtAll(["warning.read", right])).toBe(true);
  });
});
