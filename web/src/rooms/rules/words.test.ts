import { expect, it } from "vitest";
import { namer, ofDevice } from "./words";

it("tells rules that watch the device from those that watch the danger", () => {
  expect(["threshold", "rate", "composite", "no_data", "implausible", "stuck", "forecast"].map((kind) => ofDevice({ kind }))).toEqual([false, false, false, true, true, true, false]);
});

it("writes arithmetic of design values in their names and with true signs", () => {
  const named = namer([{ id: "crest", title: "滩顶标高" }, { id: "freeboard", title: "最小安全超高" }] as Parameters<typeof namer>[0]);
  expect(named("\u2265 crest - freeboard * 2 / 24")).toBe("\u2265 滩顶标高 \u2212 最小安全超高 \u00d7 2 \u00f7 24");
});
