import { expect, it } from "vitest";
import type { Action } from "../../api/types";
import { reasonsOf } from "./acts";

const act = (verb: string, why: string | null): Action => ({ verb, allowed: why === null, why });

it("says each reason once, with all the acts it refuses, and nothing of those allowed", () => {
  expect(reasonsOf([act("withdraw", "已经下令"), act("verify", null), act("feedback", "须先处置"), act("close", "须先处置")])).toEqual([
    { why: "已经下令", verbs: ["withdraw"] },
    { why: "须先处置", verbs: ["feedback", "close"] },
  ]);
});
