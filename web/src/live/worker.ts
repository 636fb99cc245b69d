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
  ports.add(port);
  port.onmessage = (said: MessageEvent<"restart" | "there" | "bye">) => {
    if (said.data === "restart") stream?.restart();
    else if (said.data === "there") port.postMessage(last);
    else {
      ports.delete(port);
      if (ports.size === 0) {
        stream?.close();
        stream = null;
      }
    }
  };
  stream ??= open();
  port.postMessage(last);
};
