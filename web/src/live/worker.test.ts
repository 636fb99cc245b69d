import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Source } from "./testing";

class Port {
  got: string[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  postMessage(message: { kind: string }): void {
    this.got.push(message.kind);
  }
  say(said: string): void {
    this.got = [];
    this.onmessage?.({ data: said });
  }
}

const scope: { onconnect: ((event: { ports: Port[] }) => void) | null } = { onconnect: null };
const standing = (): Source[] => Source.opened.filter((source) => source.readyState !== Source.CLOSED);
const page = (): Port => {
  const port = new Port();
  scope.onconnect?.({ ports: [port] });
  return port;
};

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("self", scope);
  vi.resetModules();
  Source.opened = [];
  await import("./worker");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("tells a page how the line stands when it comes, and when it asks", () => {
  const first = page();
  expect(first.got).toEqual(["connecting"]);
  standing()[0]!.onopen?.();
  expect(page().got).toEqual(["open"]);
  first.say("there");
  expect(first.got).toEqual(["open"]);
  expect(standing()).toHaveLength(1);
});

it("gives a page that said goodbye and came back a line that stands, and lets it ask for everything", () => {
  const one = page();
  standing()[0]!.onopen?.();
  one.say("bye");
  expect(standing()).toHaveLength(0);
  one.say("there");
  expect(one.got).toEqual(["connecting", "reset"]);
  expect(standing()).toHaveLength(1);
  standing()[0]!.onopen?.();
  expect(one.got.at(-1)).toBe("open");
});
