import { describe, expect, it } from "vitest";
import { foldAlarms } from "./alarms";

const alarm = (id: number, minute: number, message: string) => ({ id, at: new Date(minute * 60_000).toISOString(), kind: "k", message });

describe("foldAlarms", () => {
  it("says a repeated alarm once, with its number and its first time, newest first", () => {
    const folded = foldAlarms([alarm(1, 0, "a"), alarm(2, 5, "a"), alarm(3, 3, "b")]);
    expect(folded).toEqual([
      { message: "a", kind: "k", at: "1970-01-01T00:05:00.000Z", first: "1970-01-01T00:00:00.000Z", times: 2 },
      { message: "b", kind: "k", at: "1970-01-01T00:03:00.000Z", first: "1970-01-01T00:03:00.000Z", times: 1 },
    ]);
  });
});
