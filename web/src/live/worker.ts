/// <reference lib="webworker" />
import { openStream, type Live, type Stream } from "./stream";

/** All pages of this browser share one connection; the last page to leave closes it. */
const scope = self as unknown as SharedWorkerGlobalScope;
const ports = new Set<MessagePort>();
let stream: Stream | null = null;
let last: Live = { kind: "connecting" };

function tell(message: Live): void {
  if (message.kind === "open" || message.kind === "lost") last = message;
  ports.forEach((port) => port.postMessage(message));
}

function open(): Stream {
  last = { kind: "connecting" };
  return openStream(tell);
}

scope.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  const join = (): void => {
    ports.add(port);
    stream ??= open();
    port.postMessage(last);
  };
  port.onmessage = (said: MessageEvent<"restart" | "there" | "bye">) => {
    if (said.data === "restart") {
      stream?.restart();
    } else if (said.data === "there") {
      // A page that came back from the browser's cache had said goodbye: what went by meanwhile it has not heard.
      const back = !ports.has(port);
      join();
      if (back) port.postMessage({ kind: "reset" } satisfies Live);
    } else {
      ports.delete(port);
      if (ports.size === 0) {
        stream?.close();
        stream = null;
      }
    }
  };
  join();
};
