/** A rule that is made by hand: which kinds there are, what each can be told besides numbers, and where it begins. */

import { t } from "i18next";
import { figure } from "../../time/figure";
import { hasLimits, rangeOf, type Params, type Texts, type Wrong } from "./draft";

/** Kinds a single point can be watched by; a composite is of a site, and comes with its pack. */
export const kinds = ["threshold", "rate", "accumulation", "quota", "forecast", "anomaly", "no_data", "stuck", "implausible"] as const;
export type Kind = (typeof kinds)[number];

/** What is chosen and not typed, per kind; the first is what it begins with. */
export const choices: Record<Kind, Record<string, readonly string[]>> = {
  threshold: { direction: ["high", "low", "band"] },
  rate: { direction: ["high", "low", "band"] },
  accumulation: { form: ["sum", "counter", "integral"] },
  quota: { period: ["month", "day", "year", "none"], form: ["sum", "counter", "integral"] },
  forecast: { form: ["linear", "inverse_velocity"], direction: ["high", "low"] },
  anomaly: {},
  no_data: {},
  stuck: {},
  implausible: { danger: ["both", "high", "low", "none"] },
};

const MONTH_S = 30 * 86_400;
/** Where nothing happens, a blue call a point in two months. */
const CALLS_A_MONTH = 0.5;

/** Readings of which one is as new as a blue level says, for a blue call in two months: two figures. */
export function calm(interval_s: number): number {
  const wanted = MONTH_S / Math.max(interval_s, 1) / CALLS_A_MONTH;
  return Math.min(100_000, Math.max(500, Number(wanted.toPrecision(2))));
}

/** What the form begins with. Limits are left empty: they are the design's, and nobody here knows them. */
export function begun(kind: Kind, interval_s: number): Texts {
  const blue = calm(interval_s);
  const texts: Record<Kind, Texts> = {
    threshold: { raise_for_s: "60", clear_for_s: "600", hysteresis: "0" },
    rate: { window_s: "3600", interval_s: String(Math.max(300, interval_s)), min_samples: "4", hysteresis: "0" },
    accumulation: { window_s: "86400", bucket_s: "1800", clear_for_s: "3600" },
    quota: { raise_for_s: "0", clear_for_s: "0" },
    forecast: { window_s: "259200", interval_s: "7200", min_samples: "30", confidence: "0.99", raise_for_s: "3600", clear_for_s: "43200", hysteresis: "6" },
    // Two weeks: in its second week it still calls more often than its level says.
    anomaly: { "levels.1": String(blue), "levels.2": String(blue * 10), learn_s: "1209600", min_samples: "2000", clear_for_s: "43200" },
    no_data: { intervals: "3", level: "1" },
    stuck: { window_s: "3600", tolerance: "0", min_samples: "5", level: "1" },
    implausible: { count: "1", clear_count: "3", level: "1" },
  };
  return texts[kind];
}

/** Parameters that are chosen: a quota without a period counts what there is now. */
export function chosen(kind: Kind, picked: Readonly<Record<string, string>>): Params {
  const found: Params = {};
  for (const [name, options] of Object.entries(choices[kind])) found[name] = picked[name] ?? options[0];
  if (kind === "quota" && found.period === "none") return { form: "count" };
  return found;
}

/** In what the limits of a kind are told; `unit`: the point's. */
export function levelsUnit(kind: Kind, unit: string, params: Params): string {
  if (kind === "anomaly") return t("newRule.unit.anomaly");
  if (kind === "forecast") return t("newRule.unit.forecast");
  if (kind === "rate") return `${unit}/h`;
  if (params.form === "integral") return unit.endsWith("/h") ? unit.slice(0, -2) : `${unit}\u00b7h`;
  return unit;
}

/** What an anomaly rule would call where nothing happens, and until when it says nothing. */
export function learnsWords(params: Params, interval_s: number): string | null {
  const blue = (params.levels as Record<string, unknown> | undefined)?.["1"] ?? (params.levels as Record<string, unknown> | undefined)?.["2"];
  if (typeof blue !== "number" || !(blue > 0) || interval_s <= 0) return null;
  const learn = Math.max(Number(params.learn_s ?? 604_800), Number(params.min_samples ?? 500) * interval_s);
  return t("newRule.learns", { n: figure(Number((MONTH_S / interval_s / blue).toPrecision(2))), days: figure(Number((learn / 86_400).toPrecision(2))) });
}

/** What is wrong with a field, in words. */
export function wrongWords(kind: string, field: string, wrong: Wrong): string {
  const range = rangeOf(kind, field);
  if (wrong !== "range" || range === null) return t(`ruleEdit.wrong.${wrong}`);
  if (range[1] === Infinity) return t("ruleEdit.wrong.least", { least: figure(range[0]) });
  return t("ruleEdit.wrong.range", { least: figure(range[0]), most: figure(range[1]) });
}

/** The field of the form the server's answer is about: `params.levels.4` is `levels.4`; of all limits the first. Null: none of those shown. */
export function fieldOf(kind: Kind, named: string | null, fields: readonly string[]): string | null {
  if (named === null) return null;
  const field = named.replace(/^params\.?/, "");
  if (fields.includes(field)) return field;
  if (field.startsWith("levels") && hasLimits(kind)) return fields.find((one) => one.startsWith(field)) ?? fields.find((one) => one.startsWith("levels")) ?? null;
  return null;
}
