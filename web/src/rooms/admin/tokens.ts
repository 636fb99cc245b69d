import type { ApiToken } from "./queries";

export type Standing = "live" | "revoked" | "ended";

/** Whether a token still opens anything. Pure. */
export function standing(token: Pick<ApiToken, "revoked_at" | "expires_at">, now: number): Standing {
  if (token.revoked_at !== null) return "revoked";
  return Date.parse(token.expires_at) <= now ? "ended" : "live";
}

export type Reach = "all" | "read" | "some";

/** What it may do, in one word: all its owner may, only look, or some of it. Pure. */
export function reach(permissions: readonly string[]): Reach {
  if (permissions.length === 0) return "all";
  return permissions.every((one) => one.endsWith(".read")) ? "read" : "some";
}
