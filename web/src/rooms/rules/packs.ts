import type { Me, PackRow } from "../../api/types";

/** Who sees a part of the county and changes no rules is shown the packs that watch something there; a broken one always. */
export function packsFor<Row extends Pick<PackRow, "sites" | "problem">>(rows: readonly Row[], { whole, permissions }: Pick<Me, "whole" | "permissions">): Row[] {
  const all = whole || permissions.includes("rule.edit");
  return rows.filter((row) => all || row.sites > 0 || row.problem !== null);
}
