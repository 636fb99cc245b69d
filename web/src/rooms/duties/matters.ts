/** What stands to be decided or mended beside the calls, by what a role may do about it. Pure. */
export type Matter = "review" | "report" | "order" | "hole" | "gap" | "unwatched" | "expired" | "unclaimed";

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

/** The doors of one's own, each with what is behind it; where that is nothing, or not known yet, there is none. */
export function mattersOf(rights: readonly string[], counts: Partial<Record<Matter, number>>): (Door & { n: number })[] {
  return doors
    .filter((door) => isOwn(rights, door.key))
    .map((door) => ({ ...door, n: counts[door.key] ?? 0 }))
    .filter((door) => door.n > 0);
}

/** Whether this matter is asked about at all for somebody with these rights. */
export function isOwn(rights: readonly string[], key: Matter): boolean {
  const door = doors.find((one) => one.key === key);
  return door !== undefined && door.rights.some((right) => rights.includes(right)) && (door.notOf === undefined || !rights.includes(door.notOf));
}
