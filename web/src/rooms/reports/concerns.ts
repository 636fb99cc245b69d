/** What an order is about: a site, or an enterprise as a whole. */
export interface Concern {
  kind: "site" | "organisation";
  id: number;
}

export const concernKey = (one: Concern): string => `${one.kind}:${one.id}`;

/** The other way; null for anything else. */
export function concernOf(key: string): Concern | null {
  const found = /^(site|organisation):([1-9]\d*)$/.exec(key);
  return found ? { kind: found[1] as Concern["kind"], id: Number(found[2]) } : null;
}

/** Where an order about it is shown, and under what name: its site, else its enterprise. */
export function concernWords(order: { site: { id: number; name: string } | null; organisation: { id: number; name: string } | null }): { name: string; url: string } | null {
  if (order.site) return { name: order.site.name, url: `/sites/${order.site.id}` };
  return order.organisation ? { name: order.organisation.name, url: `/enterprises/${order.organisation.id}` } : null;
}
