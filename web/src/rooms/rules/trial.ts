import { t } from "i18next";
import type { Threshold, Trial, TriedSide, TriedWarning } from "../../api/types";
import { monthDay, shortTime } from "../../time/words";

/** Warnings verified real that the change would not raise, or lower, or delay. */
export function harmed(warnings: readonly TriedWarning[]): TriedWarning[] {
  return warnings.filter((one) => one.result === "real" && ["missed", "lower", "later"].includes(one.verdict));
}

/** Those nobody has verified yet and the change would harm: they may be real. */
export function doubtful(warnings: readonly TriedWarning[]): TriedWarning[] {
  return warnings.filter((one) => one.result === null && ["missed", "lower", "later"].includes(one.verdict));
}

/** `2 次红色、1 次黄色`; words for none. */
export function countWords(side: TriedSide): string {
  if (!side.enabled) return t("trial.off");
  const parts = side.counts.filter((one) => one.n > 0).map((one) => t("trial.count", { n: one.n, level: t(`level.${one.level}.word`) }));
  return parts.length === 0 ? t("trial.count.none") : parts.join(t("list.comma"));
}

export function whenWords(at: string): string {
  return `${monthDay(at)} ${shortTime(at)}`;
}

export function sentence(trial: Trial): string {
  const words = { n: trial.days, now: countWords(trial.now), then: countWords(trial.then) };
  const worst = harmed(trial.warnings)[0];
  if (worst === undefined) return t("trial.sentence", words);
  return t(`trial.sentence.${worst.verdict}`, { ...words, when: whenWords(worst.started_at) });
}

/** How many days of readings there are, where there are fewer than asked for. */
export function shortOf(trial: Trial): number | null {
  if (trial.first === null) return null;
  const missing = Date.parse(trial.first) - Date.parse(trial.start);
  return missing > 86_400_000 ? Math.max(1, Math.round((Date.parse(trial.end) - Date.parse(trial.first)) / 86_400_000)) : null;
}


/** Limits of the change that are not those in force. */
export function moved(now: readonly Threshold[], then: readonly Threshold[]): Threshold[] {
  return then.filter((limit) => !now.some((one) => one.level === limit.level && one.direction === limit.direction && one.value === limit.value));
}
