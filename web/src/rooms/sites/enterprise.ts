import type { Warning } from "../../api/types";

/** What of an enterprise is known when its sentence is written; undefined: not yet, or not theirs to see. */
export interface Known {
  active: boolean;
  /** How many sites it has, and how many of those that are not closed no rule watches: counted by the county, not on a page. */
  sites?: number | undefined;
  unwatched?: number | undefined;
  /** How many of its sites lack a licence. */
  lacking?: number | undefined;
  posts?: readonly { state: string }[] | undefined;
}

export type Need = { what: "closed" | "siteless" | "postless" } | { what: "unwatched" | "lacking" | "nobody"; n: number };

/** What somebody has to see to beside warnings and licences, the graver first. Nothing is told of what is not known. Pure. */
export function needs(known: Known): Need[] {
  // A closed enterprise has nothing more to be seen to.
  if (!known.active) return [{ what: "closed" }];
  const found: Need[] = [];
  const nobody = known.posts?.filter((post) => post.state === "nobody").length ?? 0;
  if (known.posts?.length === 0) found.push({ what: "postless" });
  if (nobody > 0) found.push({ what: "nobody", n: nobody });
  if ((known.unwatched ?? 0) > 0) found.push({ what: "unwatched", n: known.unwatched! });
  if ((known.lacking ?? 0) > 0) found.push({ what: "lacking", n: known.lacking! });
  if (known.sites === 0) found.push({ what: "siteless" });
  return found;
}

/** The warnings of a short list: those that stand open, worst first, then the newest that do not, up to so many. Pure. */
export function openFirst<T extends Pick<Warning, "id">>(open: readonly T[], newest: readonly T[], most: number): T[] {
  const standing = new Set(open.map((one) => one.id));
  return [...open, ...newest.filter((one) => !standing.has(one.id))].slice(0, Math.max(most, open.length));
}
