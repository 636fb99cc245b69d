import { t } from "i18next";

/** What a rule is called: by its title, else by its kind. */
export function ruleTitle(rule: { title: string; kind: string }): string {
  return rule.title || t(`rule.kind.${rule.kind}`);
}
