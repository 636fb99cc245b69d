import { t } from "i18next";
import type { PointQuality, QualitySummary, Repair } from "../../api/quality";
import { figure } from "../../time/figure";
import { limitWord, spanWords } from "../../time/words";

/** A rate as the county writes it. What is not quite all is never written as all, nor what is not quite nothing as nothing. */
export function percent(rate: number | null): string {
  if (rate === null) return t("quality.notCounted");
  const rounded = Math.round(rate * 1000) / 10;
  const told = rate < 1 && rounded === 100 ? 99.9 : rate > 0 && rounded === 0 ? 0.1 : rounded;
  return `${figure(told, 1)}\u00a0%`;
}

/** Seconds in words; shorter ones with what was measured of them. */
export function seconds(value: number): string {
  return value < 60 ? `${figure(value, value < 10 ? 1 : 0)}\u00a0${t("quality.s")}` : spanWords(value * 1000);
}

/** How far a clock is off, where it is worth a word. */
export function clockWords(skew: number | null): string {
  if (skew === null) return t("quality.clock.unknown");
  if (Math.abs(skew) < 5) return t("quality.clock.right");
  const by = seconds(Math.abs(skew));
  return skew > 0 ? t("quality.clock.fast", { by }) : t("quality.clock.slow", { by });
}

/** `11月26日` of a day that is written as 2026-11-26: a day has no zone. */
export function dayWords(day: string): string {
  const [, month, date] = day.split("-").map(Number);
  return t("time.monthDay", { month, day: date });
}

/** What is wrong with a point's day beside its rates, the worst first. */
export function faults(row: PointQuality, floor: number): string[] {
  const found: string[] = [];
  if (row.readings === 0 && row.counted_s > 0) found.push(t("quality.fault.none"));
  else if (row.online !== null && row.online < floor) found.push(t("quality.fault.offline", { time: seconds(row.counted_s - row.online_s) }));
  if (row.stuck_s !== null && row.stuck_s > 0) found.push(t("quality.fault.stuck", { time: seconds(row.stuck_s) }));
  if (row.implausible > 0) found.push(t("quality.fault.implausible", { count: row.implausible }));
  if (row.skew_s !== null && Math.abs(row.skew_s) >= 60) found.push(clockWords(row.skew_s));
  return found;
}

/** What the limit of a repair is of; without one, how far it has come. */
export function repairWord(repair: Pick<Repair, "clock" | "state">): string {
  if (repair.clock !== null) return limitWord(repair.clock.kind);
  return repair.state === "none" ? t("quality.repair.uncalled") : t("quality.repair.told");
}

/** The page in one sentence: whose devices are to be repaired, and how many stand still now. */
export function sentence(summary: QualitySummary): string {
  if (summary.faulty === 0) return ofTheDay(summary);
  const now = summary.late > 0 ? t("quality.sentence.late", { n: summary.faulty, late: summary.late }) : t("quality.sentence.faulty", { n: summary.faulty });
  return t("quality.sentence.and", { day: ofTheDay(summary), now });
}

function ofTheDay(summary: QualitySummary): string {
  if (summary.day === null) return t("quality.sentence.none");
  const day = dayWords(summary.day);
  const floor = figure(summary.floor * 100);
  if (summary.points === 0) return t("quality.sentence.nothing", { day });
  if (summary.judged === 0) return t("quality.sentence.uncounted", { day, n: summary.points });
  if (summary.poor === 0) return summary.faulty > 0 ? t("quality.sentence.online", { day, n: summary.judged, floor }) : t("quality.sentence.well", { day, n: summary.judged, floor });
  return t("quality.sentence", { day, floor, enterprises: summary.poor_enterprises, n: summary.poor });
}
