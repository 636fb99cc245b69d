import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ANSWER_MS, share, STILL_MS, touched } from "./connect";
import type { Live } from "./stream";
import { Source } from "./testing";

/** The browser's shared worker, in memory: what it says or fails to say is what is tested. */
class Worker {
  static made: Worker[] = [];
  asked: unknown[] = [];
  onerror: (() => void) | null = null;
  port = { onmessage: null as ((event: { data: Live }) => void) | null, start: () => undefined, postMessage: (said: unknown) => this.asked.push(said) };
  constructor() {
    Worker.made.push(this);
  }
  say(message: Live): void {
    this.port.onmessage?.({ data: message });
  }
}

let heard: string[];
const start = (): { stop: () => void; worker: Worker } => ({ stop: share((message) => heard.push(message.kind), vi.fn()), worker: Worker.made.at(-1)! });

beforeEach(() => {
  heard = [];
  Worker.made = [];
  Source.opened = [];
  vi.stubGlobal("SharedWorker", Worker);
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("window", new EventTarget());
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("touched", () => {
  it("asks anew for licences and documents when one has changed, and for the status at what it does not know", () => {
    expect(touched("licence.changed")).toContain("licences");
    expect(touched("document.changed")).toContain("documents");
    expect(touched("novel.thing")).toEqual(["status"]);
  });
});

describe("share", () => {
  it("listens alone when the worker's script does not come, and says meanwhile that the line is lost", () => {
    const { worker } = start();
    worker.onerror?.();
    expect(heard).toEqual(["lost"]);
    Source.opened.at(-1)!.onopen?.();
    expect(heard).toEqual(["lost", "open", "reset"]);
  });

  it("listens alone when the worker says nothing at all", () => {
    start();
    vi.advanceTimersByTime(ANSWER_MS);
    expect(heard).toEqual(["lost"]);
    expect(Source.opened).toHaveLength(1);
  });

  it("asks a worker that has grown still whether it is there, and goes on with one that answers", () => {
    const { worker } = start();
    worker.say({ kind: "open" });
    vi.advanceTimersByTime(STILL_MS);
    expect(worker.asked).toEqual(["there"]);
    worker.say({ kind: "open" });
    vi.advanceTimersByTime(ANSWER_MS);
    expect(Source.opened).toHaveLength(0);
  });

  it("leaves a worker that no longer answers", () => {
    const { stop, worker } = start();
    worker.say({ kind: "open" });
    vi.advanceTimersByTime(STILL_MS + ANSWER_MS);
    expect(heard).toEqual(["open", "lost"]);
    worker.say({ kind: "open" });
    expect(heard).toEqual(["open", "lost"]);
    stop();
    expect(Source.opened.map((source) => source.readyState)).toEqual([Source.CLOSED]);
  });

  it("wakes nothing by a message still under way when it stopped", () => {
    const { stop, worker } = start();
    stop();
    worker.say({ kind: "open" });
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(STILL_MS + ANSWER_MS);
    expect(Source.opened).toHaveLength(0);
  });

  it("waits for nothing once it has stopped", () => {
    start().stop();
    vi.advanceTimersByTime(STILL_MS + ANSWER_MS);
    expect(heard).toEqual([]);
    expect(Source.opened).toHaveLength(0);
  });
});
