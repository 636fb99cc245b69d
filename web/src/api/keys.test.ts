import { describe, expect, it } from "vitest";
import { fresh, refused, sending, type Keyed } from "./keys";
import { Problem } from "./problem";

const lost = new Problem(0, "");
const invalid = new Problem(422, "x");
const reused = new Problem(409, "x", null, null, "key.reused");
/** Sends each content, with what came back; the keys it went under. */
function keys(...sent: [string, Problem][]): string[] {
  let now: Keyed = fresh();
  return sent.map(([content, error]) => {
    const under = sending(now, content);
    now = refused(under, error);
    return under.key;
  });
}
const same = (...sent: [string, Problem][]): boolean => new Set(keys(...sent)).size === 1;

describe("the key a thing is sent under", () => {
  it("stays while nothing is known of the sending, whatever is changed meanwhile", () => {
    expect(same(["30", lost], ["30", lost])).toBe(true);
    expect(same(["30", lost], ["35", lost])).toBe(true);
    expect(same(["30", new Problem(502, "")], ["35", lost])).toBe(true);
  });
  it("is a new one for other content once it is known that nothing was recorded", () => {
    expect(same(["30", invalid], ["35", lost])).toBe(false);
    expect(same(["30", invalid], ["30", lost])).toBe(true);
  });
  it("is a new one for other content once the server has said what it recorded", () => {
    const [first, second, third] = keys(["30", lost], ["35", reused], ["5 more", lost]);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
  it("does not become another by sending the same again after being told: that would record it twice", () => {
    expect(same(["30", lost], ["35", reused], ["35", reused])).toBe(true);
  });
  it("stays where a refusal says nothing of an earlier sending", () => {
    expect(same(["30", lost], ["", invalid], ["35", lost])).toBe(true);
  });
});
