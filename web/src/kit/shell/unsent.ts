import { t } from "i18next";
import type { Unsent } from "../../outbox/outbox";

/** What is held here of photographs, in one line: what is lost first, then what the county refused, which waiting does not mend. */
export function unsentWords(unsent: readonly Pick<Unsent, "kept" | "phase">[]): string {
  const refused = unsent.filter((one) => one.phase === "refused").length;
  if (unsent.some((one) => !one.kept)) return t("bar.unsent.adrift", { n: unsent.length });
  return refused === unsent.length ? t("bar.unsent.refused", { n: refused }) : t("bar.unsent", { n: unsent.length });
}
