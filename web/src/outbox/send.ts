import { api, got } from "../api/client";
import { asProblem, Problem } from "../api/problem";
import type { Photograph } from "./photograph";

interface Receipt {
  sha256: string;
}

/**
 * The county's side of sending. `ask` and `piece` tell how many bytes it has, from the beginning.
 *
 * `seal` says whose photograph it is; the county refuses what comes under another's name.
 */
export interface Wire {
  ask(photograph: Photograph): Promise<{ received: number; sealed: Receipt | null }>;
  piece(photograph: Photograph, offset: number, piece: Blob): Promise<{ received: number }>;
  seal(photograph: Photograph): Promise<Receipt>;
}

const SMALLEST = 16 * 1024;
const LARGEST = 1024 * 1024;
/** A piece that came in less is followed by one of twice the size; one that takes longer than the second is given up. */
const QUICK_MS = 2_000;
const PATIENCE_MS = 60_000;

let length = 128 * 1024;

export const wire: Wire = {
  ask: ({ warning, sha256 }) => got(api.GET("/api/v1/warnings/{id}/evidence/{sha256}", { params: { path: { id: warning, sha256 } }, signal: AbortSignal.timeout(PATIENCE_MS) })),
  piece: ({ warning, sha256 }, offset, piece) =>
    got(
      api.PUT("/api/v1/warnings/{id}/evidence/{sha256}", {
        params: { path: { id: warning, sha256 }, query: { offset } },
        body: piece as unknown as string,
        bodySerializer: () => piece,
        headers: { "Content-Type": "application/octet-stream" },
        signal: AbortSignal.timeout(PATIENCE_MS),
      }),
    ),
  seal: ({ warning, opened, sha256, size, origin, seen, place, user }) =>
    got(
      api.POST("/api/v1/warnings/{id}/evidence/{sha256}/seal", {
        params: { path: { id: warning, sha256 } },
        body: { size, origin, note: "", seen_at: new Date(seen).toISOString(), place, user, opened_at: opened },
        signal: AbortSignal.timeout(PATIENCE_MS),
      }),
    ),
};

async function pieces(photograph: Photograph, from: number, to: Wire, told: (sent: number) => void): Promise<void> {
  let at = from;
  while (at < photograph.size) {
    const begun = performance.now();
    try {
      const { received } = await to.piece(photograph, at, photograph.blob.slice(at, at + length));
      // What the county has is what counts, also where it is less than was sent; nothing gained is no progress.
      if (received === at) throw new Problem(0, "");
      at = received;
    } catch (error) {
      length = Math.max(SMALLEST, length / 2);
      throw error;
    }
    if (performance.now() - begun < QUICK_MS) length = Math.min(LARGEST, length * 2);
    told(at);
  }
}

/**
 * Sends one photograph from where the county has it, and resolves only when the county says it has sealed the same hash.
 *
 * `told` hears how much there is, before the first piece and after each; what it throws ends the sending, unsealed.
 * Pieces that came out as something else are sent once more from the start. Rejects with a `Problem`.
 */
export async function sendPhotograph(photograph: Photograph, to: Wire, told: (sent: number) => void): Promise<void> {
  for (let again = 0; ; again += 1) {
    const standing = await to.ask(photograph);
    if (standing.sealed?.sha256 === photograph.sha256) return;
    told(standing.received);
    await pieces(photograph, standing.received, to, told);
    try {
      const receipt = await to.seal(photograph);
      if (receipt.sha256 === photograph.sha256) return;
      throw new Problem(409, "", null, null, "hash.differs");
    } catch (error) {
      const { status, code } = asProblem(error);
      // Another has signed in since: it waits for its own sender, as if nobody had.
      if (code === "evidence.other_user") throw new Problem(401, "");
      if (status !== 409 || code === "act.overtaken" || again > 0) throw error;
    }
  }
}

/** Whether trying again by itself may help: the line, the server's moment, a session that ended. Anything else a person decides. */
export function passes(error: unknown): boolean {
  const { status } = asProblem(error);
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}
