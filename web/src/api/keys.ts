import { useRef } from "react";
import { asProblem } from "./problem";

/** A page without TLS on the county's own network has no randomUUID. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16).padStart(8, "0")).join("");
}

/**
 * The key one thing is sent under, so that what is sent twice is recorded once.
 *
 * `said`: what was sent under it last. `open`: whether a sending under it may have been recorded without our knowing;
 * while it is, the key stays even when the content changes, and the server says what it has under it.
 */
export interface Keyed {
  key: string;
  said: string | null;
  open: boolean;
  /** `open` as it was before the sending under way. */
  before: boolean;
}

export function fresh(): Keyed {
  return { key: newKey(), said: null, open: false, before: false };
}

/** The state while `content` is on its way: a new key when it differs from what an answer is known for. */
export function sending(now: Keyed, content: string): Keyed {
  const changed = now.said !== null && now.said !== content;
  return { key: changed && !now.open ? newKey() : now.key, said: content, open: true, before: now.open };
}

/** The state after an answer that is no success: whether the sending may have been recorded is known, or it stays open. */
export function refused(now: Keyed, error: unknown): Keyed {
  const { status, code } = asProblem(error);
  if (code === "key.reused") return { ...now, open: false };
  // 408 and 5xx: the server, or something before it, gave up; what it did until then nobody knows.
  if (status === 0 || status === 408 || status >= 500) return now;
  return { ...now, open: now.before };
}

/** One key for one thing being written: `take` before sending, `failed` with what came back, `done` after success. */
export function useKey(first?: () => Keyed): { now: () => Keyed; take: (content: unknown) => string; failed: (error: unknown) => void; done: () => void } {
  const state = useRef<Keyed | null>(null);
  state.current ??= first?.() ?? fresh();
  const now = (): Keyed => state.current ?? fresh();
  return {
    now,
    take: (content) => {
      state.current = sending(now(), JSON.stringify(content));
      return state.current.key;
    },
    failed: (error) => {
      state.current = refused(now(), error);
    },
    done: () => {
      state.current = fresh();
    },
  };
}
