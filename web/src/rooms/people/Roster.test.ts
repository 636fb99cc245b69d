import { describe, expect, it } from "vitest";
import { maySignIn } from "./Roster";

const shift = { sign_in_from: "2026-11-27T15:00:00+08:00", ends_at: "2026-11-28T00:00:00+08:00", signed_in_at: null, signed_out_at: null };
const at = (time: string): number => Date.parse(`2026-11-27T${time}+08:00`);

describe("maySignIn", () => {
  it("is so from when the server says, to the end of the shift", () => {
    expect(maySignIn(shift, at("14:59:59"))).toBe(false);
    expect(maySignIn(shift, at("15:00:00"))).toBe(true);
    expect(maySignIn(shift, Date.parse(shift.ends_at))).toBe(false);
  });

  it("is not so for who is in, or was", () => {
    expect(maySignIn({ ...shift, signed_in_at: shift.sign_in_from }, at("16:00:00"))).toBe(false);
    expect(maySignIn({ ...shift, signed_out_at: shift.sign_in_from }, at("16:00:00"))).toBe(false);
  });
});
