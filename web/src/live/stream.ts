/** One connection to the county's live events; the SharedWorker and the lone page both run this. */
export type Live =
  | { kind: "open" }
  | { kind: "lost" }
  | { kind: "reset" }
  | { kind: "end" }
  | { kind: "change"; topic: string; subject: { type: string; id: number } | null };

export interface Stream {
  restart(): void;
  close(): void;
}

const RETRY_MS = 3_000;

function parse(data: string): Live | null {
  try {
    const body = JSON.parse(data) as { topic?: unknown; subject?: { type: string; id: number } };
    if (typeof body.topic !== "string") return null;
    return { kind: "change", topic: body.topic, subject: body.subject ?? null };
  } catch {
    return null; // the invalidation that follows a reset repairs what an unreadable event would have told
  }
}

export function openStream(tell: (message: Live) => void): Stream {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let broken = false;

  const connect = (): void => {
    clearTimeout(retry);
    source?.close();
    const mine = new EventSource("/live/events");
    source = mine;
    mine.onopen = () => {
      tell({ kind: "open" });
      // A new EventSource cannot say where the old one stopped: everything shown is asked for again.
      if (broken) tell({ kind: "reset" });
      broken = false;
    };
    mine.addEventListener("change", (event: MessageEvent<string>) => {
      const message = parse(event.data);
      tell(message ?? { kind: "reset" });
    });
    mine.addEventListener("reset", () => tell({ kind: "reset" }));
    mine.addEventListener("end", () => tell({ kind: "end" }));
    mine.onerror = () => {
      tell({ kind: "lost" });
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
      source?.close();
    },
  };
}
