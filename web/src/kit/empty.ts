import { t } from "i18next";
import type { Me } from "../api/types";

type Asker = { user: Pick<Me["user"], "role">; permissions: string[] };

/**
 * The words below an empty list; none where the title says it all.
 *
 * Nothing shown is not nothing dangerous: a rescue team sees only what calls it. And nobody is told to do what they may not.
 */
export function whyEmpty(list: "warnings" | "sites" | "points", { user, permissions }: Asker, filtered: boolean): string | undefined {
  if (filtered) return t("warnings.empty.widen");
  if (user.role === "rescue_lead") return t(`${list}.empty.called`);
  if (list === "sites") return permissions.includes("site.create") ? t("sites.empty.words") : t("sites.empty.ask");
  if (list === "points") return permissions.includes("unclaimed.read") ? t("points.empty.words") : undefined;
  return t("warnings.empty.words");
}
