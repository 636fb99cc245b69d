/// <reference lib="webworker" />
import { openStream, type Live, type Stream } from "./stream";

/** All pages of this browser share one connection; the last page to leave closes it. */
const scope = self as unknown as SharedWorkerGlobalScope;
const ports = new Set<MessagePort>();
let stream: Stream | null = null;
let last: Live = { kind: "lost" };

function tell(message: Live): void {
  if (message.kind === "open" || message.kind === "lost") last = message;
  ports.forEach((port) => port.postMessage(message));
}

scope.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = (said: MessageEvent<"restart" | "bye">) => {
    if (said.data === "restart") stream?.restart();
    else {
      ports.delete(port);
      if (ports.size === 0) {
        stream?.close();
        stream = null;
      }
    }
  };
  if (stream) port.postMessage(last);
  else stream = openStream(tell);
};
