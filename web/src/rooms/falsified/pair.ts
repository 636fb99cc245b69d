import { t } from "i18next";
import { figure, placesOf } from "../../time/figure";
import { spanWords } from "../../time/words";
import { dayWords, seconds } from "../sites/quality";
import type { Finding, Part, Summary } from "./queries";

export interface Drawn {
  /** Pieces of the line, broken where nothing was told. */
  path: string;
  low: number;
  high: number;
  from: number;
  to: number;
  /** Where the stretch lies, as shares of the width. */
  band: [number, number];
}

/** Gaps wider than so many usual steps break the line. */
const GAP = 5;

/** A part as a line in a box. Null: no reading with a number is there. */
export function drawn(part: Part, width: number, height: number): Drawn | null {
  const rows = part.rows.filter((row): row is [number, number] => typeof row[0] === "number" && typeof row[1] === "number");
  const [first, last] = [rows[0], rows[rows.length - 1]];
  if (first === undefined || last === undefined) return null;
  const [from, to] = [Math.min(first[0], part.start), Math.max(last[0], part.end)];
  const values = rows.map((row) => row[1]);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const steps = rows.slice(1).map((row, at) => row[0] - (rows[at]?.[0] ?? row[0])).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  const x = (at: number): number => (to === from ? 0 : ((at - from) / (to - from)) * width);
  const y = (value: number): number => (high === low ? height / 2 : height - ((value - low) / (high - low)) * height);
  const path = rows.map((row, at) => `${at === 0 || row[0] - (rows[at - 1]?.[0] ?? row[0]) > GAP * usual ? "M" : "L"}${x(row[0]).toFixed(1)},${y(row[1]).toFixed(1)}`).join("");
  return { path, low, high, from, to, band: [x(part.start) / width, x(part.end) / width] };
}

/** With the digits it has, four at most. */
export const short = (value: number): string => figure(value, Math.min(4, placesOf(Number(value.toFixed(4)))));

/** How the suspect follows from the other, in words: `× 1.37 + 5, 1 h 40 min later`; empty when it is the same at once. */
export function shiftWords(one: Pick<Finding, "start" | "beside_start" | "factor" | "offset" | "kind">): string {
  if (one.beside_start === null || one.kind === "pattern") return "";
  const told: string[] = [];
  const late = one.start - one.beside_start;
  const by = Math.abs(late) >= 60_000 ? spanWords(Math.abs(late)) : seconds(Math.abs(late) / 1000);
  if (Math.abs(late) >= 1000) told.push(late > 0 ? t("falsified.later", { by }) : t("falsified.earlier", { by }));
  if (Math.abs(one.factor - 1) > 1e-9) told.push(t("falsified.times", { factor: short(one.factor) }));
  if (Math.abs(one.offset) > 1e-9) told.push(one.offset > 0 ? t("falsified.more", { by: short(one.offset) }) : t("falsified.less", { by: short(-one.offset) }));
  return told.join(t("list.comma"));
}

/** The page in one sentence: what waits for a decision. */
export function sentence(summary: Summary): string {
  if (summary.checking > 0) return t("falsified.sentence.checking", { n: summary.checking, checks: summary.checks, leads: summary.leads });
  if (summary.leads > 0) return t("falsified.sentence.leads", { n: summary.leads });
  if (summary.day === null) return t("falsified.sentence.none");
  return t("falsified.sentence.well", { day: dayWords(summary.day), points: summary.points });
}
