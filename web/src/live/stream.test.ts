import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BEATS_MS, OPENS_MS, openStream, type Live } from "./stream";
import { Source } from "./testing";

let heard: Live[];
const latest = (): Source => Source.opened.at(-1)!;

beforeEach(() => {
  heard = [];
  Source.opened = [];
  vi.stubGlobal("EventSource", Source);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("openStream", () => {
  it("passes changes on, and asks for everything when it cannot read one", () => {
    openStream((message) => heard.push(message));
    latest().onopen?.();
    latest().say("change", '{"topic":"warning.changed","subject":{"type":"warning","id":7}}');
    latest().say("change", "{broken");
    expect(heard).toEqual([{ kind: "open" }, { kind: "change", topic: "warning.changed", subject: { type: "warning", id: 7 } }, { kind: "reset" }]);
  });

  it("connects anew when the browser gave up, and then asks for everything", () => {
    openStream((message) => heard.push(message));
    latest().readyState = Source.CLOSED;
    latest().onerror?.();
    vi.advanceTimersByTime(3_000);
    expect(Source.opened).toHaveLength(2);
    latest().onopen?.();
    expect(heard.map((message) => message.kind)).toEqual(["lost", "open", "reset"]);
  });

  it("leaves a healing connection to the browser, which resumes it by number", () => {
    openStream((message) => heard.push(message));
    latest().onerror?.();
    latest().onopen?.();
    vi.advanceTimersByTime(10_000);
    expect(Source.opened).toHaveLength(1);
    expect(heard.map((message) => message.kind)).toEqual(["lost", "open"]);
  });

  it("calls a line lost that never opens, and tries anew", () => {
    openStream((message) => heard.push(message));
    vi.advanceTimersByTime(OPENS_MS);
    expect(heard).toEqual([{ kind: "lost" }]);
    expect(Source.opened).toHaveLength(2);
    expect(Source.opened[0]!.readyState).toBe(Source.CLOSED);
  });

  it("calls a line lost on which the server has not spoken, as nothing else tells of a cable pulled out", () => {
    openStream((message) => heard.push(message));
    latest().onopen?.();
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersByTime(BEATS_MS - 1);
      latest().say("beat", "{}");
    }
    expect(heard.map((message) => message.kind)).toEqual(["open", "beat", "beat", "beat", "beat"]);
    vi.advanceTimersByTime(BEATS_MS);
    expect(heard.at(-1)).toEqual({ kind: "lost" });
    latest().onopen?.();
    expect(heard.slice(-2)).toEqual([{ kind: "open" }, { kind: "reset" }]);
  });

  it("asks for everything once it stands, where something may have been missed", () => {
    openStream((message) => heard.push(message), true);
    latest().onopen?.();
    expect(heard).toEqual([{ kind: "open" }, { kind: "reset" }]);
  });
});
