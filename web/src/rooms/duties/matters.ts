/** What stands to be decided or mended beside the calls, by what a role may do about it. Pure. */
export type Matter = "review" | "report" | "order" | "hole" | "gap" | "unwatched" | "expired" | "unclaimed";

type Counts = Partial<Record<Matter, number | null>>;

interface Door {
  key: Matter;
  to: string;
  /** Any of these rights makes it one's own matter. */
  rights: readonly string[];
  /** Who commands calls, and leaves this to those who oversee. */
  notOf?: string;
}

/** In the order of their weight. */
export const doors: readonly Door[] = [
  { key: "report", to: "/reports", rights: ["report.send"] },
  { key: "order", to: "/orders", rights: ["order.enter"] },
  { key: "review", to: "/proposals", rights: ["rule.edit", "site.state", "weather.enter", "channel.agree"] },
  { key: "hole", to: "/people", rights: ["duty.recall"] },
  { key: "unwatched", to: "/sites?watched=no", rights: ["rule.edit"] },
  { key: "gap", to: "/findings", rights: ["duty.verify"], notOf: "duty.recall" },
  { key: "expired", to: "/licences?standing=expired", rights: ["licence.edit"] },
  { key: "unclaimed", to: "/unclaimed", rights: ["unclaimed.adopt"] },
];

/** The doors of one's own, each with what is behind it; null: it could not be asked. Where that is nothing, or not known yet, there is none. */
export function mattersOf(rights: readonly string[], counts: Counts): (Door & { n: number | null })[] {
  return doors
    .filter((door) => isOwn(rights, door.key))
    .map((door) => ({ ...door, n: counts[door.key] === undefined ? 0 : counts[door.key]! }))
    .filter((door) => door.n === null || door.n > 0);
}

/** What is behind each, asked at once; one that could not be told takes none of the others along. */
export async function countsOf<K extends Matter>(keys: readonly K[], asked: Record<K, () => Promise<number>>): Promise<Counts> {
  const told = await Promise.allSettled(keys.map((key) => asked[key]()));
  return Object.fromEntries(keys.map((key, i) => [key, told[i]?.status === "fulfilled" ? told[i].value : null]));
}

/** Whether this matter is asked about at all for somebody with these rights. */
export function isOwn(rights: readonly string[], key: Matter): boolean {
  const door = doors.find((one) => one.key === key);
  return door !== undefined && door.rights.some((right) => rights.includes(right)) && (door.notOf === undefined || !rights.includes(door.notOf));
}
