import { describe, expect, it } from "vitest";
import { tagState } from "./levelstate";

const told = { state: "disposing" as const, called: 3, answered: 3, current_level: 3, unknown_now: false };

describe("tagState", () => {
  it("shows the ring while anybody called has not answered", () => {
    expect(tagState(told)).toBe("answered");
    expect(tagState({ ...told, answered: 2 })).toBe("unanswered");
    expect(tagState({ ...told, state: "calling" })).toBe("unanswered");
  });

  it("is dashed while its calls are silenced", () => {
    expect(tagState({ ...told, state: "calling", silence: { id: 1 } })).toBe("muted");
    expect(tagState({ ...told, state: "closed", silence: { id: 1 } })).toBe("fallen");
  });

  it("never reads silence as fallen back", () => {
    expect(tagState({ ...told, current_level: 0 })).toBe("fallen");
    expect(tagState({ ...told, current_level: 0, unknown_now: true })).toBe("answered");
  });
});
