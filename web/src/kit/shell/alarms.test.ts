import { describe, expect, it } from "vitest";
import { foldAlarms } from "./alarms";

const alarm = (id: number, minute: number, message: string, url = "", raw = "") => ({ id, at: new Date(minute * 60_000).toISOString(), kind: "k", message, url, raw });

describe("foldAlarms", () => {
  it("says a repeated alarm once, with its number and its first time, newest first and with its page", () => {
    const folded = foldAlarms([alarm(1, 0, "a", "/warnings/1"), alarm(2, 5, "a", "/warnings/2", "OSError"), alarm(3, 3, "b")]);
    expect(folded).toEqual([
      { message: "a", url: "/warnings/2", raw: "OSError", at: "1970-01-01T00:05:00.000Z", first: "1970-01-01T00:00:00.000Z", times: 2 },
      { message: "b", url: "", raw: "", at: "1970-01-01T00:03:00.000Z", first: "1970-01-01T00:03:00.000Z", times: 1 },
    ]);
  });
});
