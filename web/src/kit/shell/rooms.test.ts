import { describe, expect, it } from "vitest";
import { homeOf, roomsOf } from "./rooms";

const auditor = { permissions: ["health.read", "licence.read", "report.read", "channel.read", "screen.read"] };
const administrator = { permissions: ["user.manage", "health.read", "licence.read", "rule.edit"] };
const principal = { permissions: ["duty.act", "licence.read"] };
const rescue = { permissions: ["duty.act"] };

const led = (me: { permissions: string[] }): string[] => roomsOf(undefined, me).map((room) => room.to);
/** What stands in the bar of a telephone, not behind 更多. */
const bar = (me: { permissions: string[] }): string[] => roomsOf(undefined, me).filter((room) => room.away !== true).map((room) => room.to);

describe("the rail", () => {
  it("begins with one's home, and leads nobody to a desk they do not have", () => {
    for (const [me, home] of [[auditor, "/ledger"], [administrator, "/people"], [principal, "/"], [rescue, "/"]] as const) {
      expect(homeOf(me)).toBe(home);
      expect(led(me)[0]).toBe(home);
      expect(led(me).includes("/")).toBe(home === "/");
      expect(new Set(led(me)).size).toBe(led(me).length);
    }
  });
  it("keeps the bar of a telephone at three and 更多, one's home the first", () => {
    expect(bar(auditor)).toEqual(["/ledger", "/warnings", "/points"]);
    expect(bar(administrator)).toEqual(["/people", "/warnings", "/points"]);
    expect(bar(principal)).toEqual(["/", "/warnings", "/points"]);
  });
  it("shows a rescue team no rules: none watch a place of theirs", () => {
    expect(led(rescue)).not.toContain("/rules");
    expect(led(principal)).toContain("/rules");
  });
});
