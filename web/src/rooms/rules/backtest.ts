import { t } from "i18next";
import type { Backtest, BacktestBrief, BacktestLevel, BacktestManyRow, BacktestRow, RuleDetail, Threshold } from "../../api/types";
import { figure } from "../../time/figure";
import { spanWords } from "../../time/words";
import { hasLimits } from "./draft";

/** Of one point, with limits, and for whoever may change it. */
export function mayBacktest(rule: RuleDetail): boolean {
  return rule.may_edit && rule.point !== null && hasLimits(rule.kind);
}

/** Where the rule in force stands among the thresholds tried. */
export function standingAt(told: Backtest): number {
  let best = 0;
  told.sweep.forEach((row, i) => {
    if (Math.abs(row.factor - 1) < Math.abs((told.sweep[best]?.factor ?? 0) - 1)) best = i;
  });
  return best;
}

/** A limit of a level as it is written: `\u2264 5.7`, of a band both. */
export function limitWords(levels: readonly Threshold[], level: number): string {
  return levels
    .filter((one) => one.level === level)
    .map((one) => `${one.direction === "low" ? "\u2264" : "\u2265"} ${figure(one.value)}`)
    .join(" / ");
}

/** How early a level came before an event, in words; nothing came: whether there were readings to tell by. */
export function leadWords(lead: number | null, read: boolean): string {
  if (lead === null) return read ? t("backtest.lead.missed") : t("backtest.lead.none");
  const span = spanWords(Math.abs(lead) * 3_600_000);
  return lead < 0 ? t("backtest.lead.late", { span }) : t("backtest.lead.early", { span });
}

/** The usual lead of a level over all events, and how many it missed. */
export function worthWords(at: Pick<BacktestLevel, "tried" | "missed" | "median_lead">): string {
  if (at.tried === 0) return t("backtest.worth.none");
  const usual = at.median_lead === null ? t("backtest.lead.missed") : leadWords(at.median_lead, true);
  return at.missed === 0 || at.median_lead === null ? usual : t("backtest.worth.missed", { usual, n: at.missed, all: at.tried });
}

export function perMonth(value: number | null): string {
  return value === null ? t("backtest.unknown") : figure(Number(value.toPrecision(value < 1 ? 2 : 3)));
}

/** False alarms of the mildest level: it stands wherever a higher one does. */
export function falseOf(row: BacktestRow): number {
  return row.at[row.at.length - 1]?.false ?? 0;
}

/** The limits of a row for the rule's own form, as its address carries them. */
export function formAddress(rule: number, row: BacktestRow): string {
  return `/rules/id/${rule}?levels=${encodeURIComponent(JSON.stringify(row.params.levels))}`;
}

/** The same read back: texts of the form's fields; of anything else nothing. */
export function textsOfAddress(text: string | null): Record<string, string> {
  const found: Record<string, string> = {};
  let given: unknown;
  try {
    given = JSON.parse(text ?? "null");
  } catch {
    return found;
  }
  if (given === null || typeof given !== "object") return found;
  for (const [level, value] of Object.entries(given)) {
    if (!/^[1-4]$/.test(level)) continue;
    const sides: unknown[] = Array.isArray(value) ? value : [value];
    if (!sides.every((one) => typeof one === "number")) continue;
    sides.forEach((one, i) => (found[Array.isArray(value) ? `levels.${level}.${i}` : `levels.${level}`] = String(one)));
  }
  return found;
}

/** The page of one rule over the same time. */
export function singleAddress(rule: number, of: { start: string; end: string; before_h: number }): string {
  return `/rules/id/${rule}/backtest?${new URLSearchParams({ start: of.start, end: of.end, before: String(of.before_h) }).toString()}`;
}

/** Events a level was held for, of those there are readings of: `2/3`. */
export function foundWords(at: BacktestBrief): string {
  return at.tried === 0 ? t("backtest.worth.none") : `${at.tried - at.missed}/${at.tried}`;
}

/** A rule at its mildest level, which stands wherever a higher one does; nothing where it could not be reckoned. */
function mildestOf(row: BacktestManyRow): BacktestBrief | undefined {
  return row.why === null && row.readings > 0 ? row.levels[row.levels.length - 1] : undefined;
}

interface Sum {
  /** Rules that were reckoned, and how many of them had an event to be measured by. */
  reckoned: number;
  tried: number;
  missed: number;
  most: number;
}

/** Of many rules: how many missed an event at every level of theirs, and the most false alarms one of them gives. */
export function summed(rows: readonly BacktestManyRow[]): Sum {
  const mildest = rows.flatMap((row) => mildestOf(row) ?? []);
  return {
    reckoned: mildest.length,
    tried: mildest.filter((at) => at.tried > 0).length,
    missed: mildest.filter((at) => at.missed > 0).length,
    most: Math.max(0, ...mildest.map((at) => at.false_per_month ?? 0)),
  };
}

/** What is to be decided about first: rules that missed most, then those that call in vain most; what could not be reckoned last. */
export function worstFirst(rows: readonly BacktestManyRow[]): BacktestManyRow[] {
  const rank = (row: BacktestManyRow): [number, number] => {
    const at = mildestOf(row);
    return at === undefined ? [-1, 0] : [at.missed, at.false_per_month ?? 0];
  };
  return [...rows].sort((a, b) => {
    const [one, two] = [rank(a), rank(b)];
    return two[0] - one[0] || two[1] - one[1];
  });
}
