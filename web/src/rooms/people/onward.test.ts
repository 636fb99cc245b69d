import { expect, it } from "vitest";
import { safeNext } from "./onward";

it("goes on to pages of this face alone", () => {
  for (const next of ["/", "/warnings?level=4#a", "/sites/3", "/help/\u533b"]) expect(safeNext(next)).toBe(next);
  for (const next of [null, "", "warnings", "//evil.example", "/\\evil.example", "/\t/evil.example", "/a\\b", "/a\nb", "/\u007f", "/\u0085/x", "https://evil.example"]) expect(safeNext(next), String(next)).toBe("/");
});
