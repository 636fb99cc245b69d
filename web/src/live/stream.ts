/** One connection to the county's live events; the SharedWorker and the lone page both run this. */
export type Live =
  | { kind: "connecting" }
  | { kind: "open" }
  | { kind: "beat" }
  | { kind: "lost" }
  | { kind: "reset" }
  | { kind: "end" }
  | { kind: "change"; topic: string; subject: { type: string; id: number } | null };

export interface Stream {
  restart(): void;
  close(): void;
}

const RETRY_MS = 3_000;
/** How long a connection may take to open (ms) before it is called lost and tried anew. */
export const OPENS_MS = 10_000;
/** The server speaks at least every 15 s: whoever hears nothing this long (ms) hangs on a dead line. */
export const BEATS_MS = 40_000;

function parse(data: string): Live | null {
  try {
    const body = JSON.parse(data) as { topic?: unknown; subject?: { type: string; id: number } };
    if (typeof body.topic !== "string") return null;
    return { kind: "change", topic: body.topic, subject: body.subject ?? null };
  } catch {
    return null; // the invalidation that follows a reset repairs what an unreadable event would have told
  }
}

/** `missed`: something may have gone by already, so what is shown is asked for again once the line stands. */
export function openStream(tell: (message: Live) => void, missed = false): Stream {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;
  let broken = missed;

  /** A cable pulled out ends no connection: only its silence tells. */
  const expect = (within: number): void => {
    clearTimeout(watch);
    watch = setTimeout(() => {
      tell({ kind: "lost" });
      broken = true;
      connect();
    }, within);
  };

  const connect = (): void => {
    clearTimeout(retry);
    source?.close();
    const mine = new EventSource("/live/events");
    source = mine;
    expect(OPENS_MS);
    const hear = (message: Live): void => {
      expect(BEATS_MS);
      tell(message);
    };
    mine.onopen = () => {
      hear({ kind: "open" });
      // A new EventSource cannot say where the old one stopped: everything shown is asked for again.
      if (broken) tell({ kind: "reset" });
      broken = false;
    };
    mine.addEventListener("beat", () => hear({ kind: "beat" }));
    mine.addEventListener("change", (event: MessageEvent<string>) => hear(parse(event.data) ?? { kind: "reset" }));
    mine.addEventListener("reset", () => hear({ kind: "reset" }));
    mine.addEventListener("end", () => hear({ kind: "end" }));
    mine.onerror = () => {
      tell({ kind: "lost" });
      expect(OPENS_MS);
      if (mine.readyState === EventSource.CLOSED) {
        broken = true;
        retry = setTimeout(connect, RETRY_MS);
      }
    };
  };

  connect();
  return {
    restart: () => {
      broken = true;
      connect();
    },
    close: () => {
      clearTimeout(retry);
      clearTimeout(watch);
      source?.close();
    },
  };
}
