import { expect, test } from "vitest";
import { reach, standing } from "./tokens";

const at = "2026-11-24T08:00:00Z";
const now = Date.parse(at);

test("a token is live until it is revoked or its end has come", () => {
  expect(standing({ revoked_at: null, expires_at: at }, now - 1)).toBe("live");
  expect(standing({ revoked_at: null, expires_at: at }, now)).toBe("ended");
  expect(standing({ revoked_at: at, expires_at: at }, now - 1)).toBe("revoked");
});

test("a token that names no permission may all its owner may", () => {
  expect(reach([])).toBe("all");
  expect(reach(["warning.read", "point.read"])).toBe("read");
  expect(reach(["warning.read", "duty.act"])).toBe("some");
});
