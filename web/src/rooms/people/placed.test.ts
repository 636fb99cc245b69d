import { describe, expect, it } from "vitest";
import { roles } from "./changes";
import { boundsOf, placedBy } from "./placed";

const nothing = { organisation: false, territory: false, sectors: false };

describe("what an account must name besides its role", () => {
  it("is the enterprise, the township, or the territory and the sectors, by role", () => {
    expect(boundsOf("principal")).toEqual(["organisation"]);
    expect(boundsOf("safety_officer")).toEqual(["organisation"]);
    expect(boundsOf("township")).toEqual(["territory"]);
    expect(boundsOf("department")).toEqual(["territory", "sectors"]);
  });
  it("is nothing for whoever sees the county, and before a role is chosen", () => {
    const bound = ["principal", "safety_officer", "township", "department"];
    expect(roles.filter((role) => boundsOf(role).length > 0).sort()).toEqual(bound.sort());
    expect(boundsOf("")).toEqual([]);
  });
  it("is lacked until it is filled in, and no longer", () => {
    expect(placedBy("department", nothing).map(([, filled]) => filled)).toEqual([false, false]);
    expect(placedBy("department", { ...nothing, territory: true }).map(([, filled]) => filled)).toEqual([true, false]);
    expect(placedBy("leader", nothing)).toEqual([]);
  });
});
