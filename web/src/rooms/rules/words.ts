import { t } from "i18next";
import type { PackDetail, PackRule } from "../../api/types";

/** What a rule is called: by its title, else by its kind. */
export function ruleTitle(rule: { title: string; kind: string }): string {
  return rule.title || t(`rule.kind.${rule.kind}`);
}

/** Rules that watch the device and not the danger; every item has the same ones, and said in full they bury its limits. */
export function ofDevice(rule: Pick<PackRule, "kind">): boolean {
  return ["no_data", "implausible", "stuck"].includes(rule.kind);
}

/** Arithmetic of design values in their Chinese names. */
export function namer(values: PackDetail["values"]): (text: string) => string {
  const titles = new Map(values.map((one) => [one.id, one.title]));
  return (text) => text.replace(/[A-Za-z_]\w*/g, (name) => titles.get(name) ?? name).replaceAll("*", "\u00d7").replaceAll("/", "\u00f7").replaceAll(" - ", " \u2212 ");
}
