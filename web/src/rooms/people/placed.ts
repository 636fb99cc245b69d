import { t } from "i18next";

type Bound = "organisation" | "territory" | "sectors";

const bounds: Record<string, readonly Bound[]> = {
  principal: ["organisation"],
  safety_officer: ["organisation"],
  township: ["territory"],
  department: ["territory", "sectors"],
};

/** What bounds what a role sees, without which the server makes no account of it (`_placed` in accounts.py). Pure. */
export function boundsOf(role: string): readonly Bound[] {
  return bounds[role] ?? [];
}

/** The same as lines for `lacking`, in the order of the form. */
export function placedBy(role: string, has: Record<Bound, boolean>): [label: string, filled: boolean][] {
  const labels: Record<Bound, string> = { organisation: t("people.organisation"), territory: t("people.territory"), sectors: t("people.account.sectors") };
  return boundsOf(role).map((bound) => [labels[bound], has[bound]]);
}
