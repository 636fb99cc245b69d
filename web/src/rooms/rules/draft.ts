/** A rule's parameters as a person types them: texts by field, and back. */

export type Params = Record<string, unknown>;
export type Texts = Record<string, string>;

/** What may be changed besides the limits, per kind of rule. */
const others: Record<string, readonly string[]> = {
  threshold: ["raise_for_s", "clear_for_s", "hysteresis"],
  rate: ["window_s", "interval_s", "min_samples", "hysteresis"],
  no_data: ["after_s", "intervals"],
  stuck: ["window_s", "tolerance", "min_samples"],
  implausible: ["low", "high", "count", "clear_count"],
  composite: ["wait_s"],
  accumulation: ["window_s", "bucket_s", "raise_for_s", "clear_for_s", "hysteresis"],
  quota: ["raise_for_s", "clear_for_s", "hysteresis"],
  forecast: ["target", "window_s", "interval_s", "min_samples", "confidence", "raise_for_s", "clear_for_s", "hysteresis"],
  anomaly: ["learn_s", "min_samples", "raise_for_s", "clear_for_s"],
};

/** What a kind of rule cannot do without, besides its limits. */
const required: Record<string, readonly string[]> = {
  accumulation: ["window_s", "bucket_s"],
  forecast: ["target", "window_s", "interval_s"],
  stuck: ["window_s"],
};

const seconds = [0, 316_224_000] as const;
/** The least and the most a field may say, as the engine has it; of a limit under `levels`. */
const ranges: Record<string, Record<string, readonly [number, number]>> = {
  anomaly: { levels: [100, 1_000_000], learn_s: seconds, min_samples: [50, 1_000_000] },
  forecast: { confidence: [0.5, 0.9999] },
  no_data: { intervals: [1, 100_000] },
  stuck: { min_samples: [2, 1_000_000], tolerance: [0, Infinity] },
  implausible: { count: [1, 100_000], clear_count: [1, 100_000] },
};
const everywhere: Record<string, readonly [number, number]> = { raise_for_s: seconds, clear_for_s: seconds, hysteresis: [0, Infinity], level: [1, 4] };

/** The least and the most a field of this kind may say, null where any number will do. */
export function rangeOf(kind: string, field: string): readonly [number, number] | null {
  const name = field.startsWith("levels.") ? "levels" : field;
  return ranges[kind]?.[name] ?? everywhere[name] ?? null;
}

const limited = new Set(["threshold", "rate", "accumulation", "quota", "forecast", "anomaly"]);
const levelled = new Set(["no_data", "stuck", "implausible"]);
export const levels = [4, 3, 2, 1] as const;

/** The levels a kind of rule can reach: what is only new goes no higher than yellow. */
export function levelsOf(kind: string): readonly (1 | 2 | 3 | 4)[] {
  return kind === "anomaly" ? [2, 1] : levels;
}

interface Step {
  level: number;
  count: number;
  to: number;
}

export function stepsOf(params: Params): Step[] {
  return Array.isArray(params.steps) ? (params.steps as Step[]) : [];
}

export function hasLimits(kind: string): boolean {
  return limited.has(kind);
}

export function isBand(params: Params): boolean {
  return params.direction === "band";
}

/** The fields of a rule's form, in order. A band has two a level, `levels.4.0` and `levels.4.1`. */
export function fieldsOf(kind: string, params: Params): string[] {
  const found: string[] = [];
  if (hasLimits(kind)) {
    for (const level of levelsOf(kind)) found.push(...(isBand(params) ? [`levels.${level}.0`, `levels.${level}.1`] : [`levels.${level}`]));
  }
  stepsOf(params).forEach((_step, at) => found.push(`steps.${at}.count`));
  found.push(...(others[kind] ?? []));
  if (levelled.has(kind)) found.push("level");
  return found;
}

/** The number a field of the form stands for, null where the parameters have none. */
export function valueAt(params: Params, field: string): number | null {
  const found = field.split(".").reduce<unknown>((inner, key) => (inner === null || typeof inner !== "object" ? undefined : (inner as Params)[key]), params);
  return typeof found === "number" ? found : null;
}

export function textsOf(kind: string, params: Params): Texts {
  return Object.fromEntries(
    fieldsOf(kind, params).map((field) => {
      const value = valueAt(params, field);
      return [field, value === null ? "" : String(value)];
    }),
  );
}

export type Wrong = "number" | "order" | "pair" | "missing" | "range";

export interface Draft {
  params: Params;
  /** Fields whose text is no number, and limits that do not lie further out than the milder one. */
  wrong: Record<string, Wrong>;
}

/** A minus as a phone's keyboard or a paper has it. */
function numberOf(text: string): number {
  return Number(text.trim().replace(/[\u2212\uff0d]/g, "-").replace("\u3002", "."));
}

/** What the texts say, with what is wrong in them. An empty text leaves the parameter out. */
export function draftOf(kind: string, params: Params, texts: Texts): Draft {
  const wrong: Draft["wrong"] = {};
  const next: Params = { ...params };
  const told = (field: string): number | null => {
    const text = texts[field] ?? "";
    if (text.trim() === "") return null;
    const value = numberOf(text);
    const range = rangeOf(kind, field);
    if (!Number.isFinite(value)) wrong[field] = "number";
    else if (range !== null && (value < range[0] || value > range[1])) wrong[field] = "range";
    return value;
  };
  for (const field of [...(others[kind] ?? []), ...(levelled.has(kind) ? ["level"] : [])]) {
    const value = told(field);
    if (value === null) {
      delete next[field];
      if (required[kind]?.includes(field)) wrong[field] = "missing";
    } else next[field] = value;
  }
  if (stepsOf(params).length > 0) next.steps = stepsOf(params).map((step, i) => ({ ...step, count: told(`steps.${i}.count`) ?? step.count }));
  if (hasLimits(kind)) next.levels = limitsOf(kind, params, told, wrong);
  return { params: next, wrong };
}

function limitsOf(kind: string, params: Params, told: (field: string) => number | null, wrong: Draft["wrong"]): Params {
  const found: Params = {};
  // Hours left until something happens are fewer the higher the level.
  const falling = params.direction === "low" || kind === "forecast";
  let outer: { low: number; high: number } | null = null;
  for (const level of levelsOf(kind)) {
    const [first, second] = isBand(params) ? [`levels.${level}.0`, `levels.${level}.1`] : [`levels.${level}`, null];
    const one = told(first);
    const two = second === null ? null : told(second);
    if (one === null && two === null) continue;
    if (second !== null && (one === null || two === null || one >= two)) wrong[second] ??= "pair";
    found[String(level)] = second === null ? one : [one, two];
    const low = second !== null ? (one ?? Number.NaN) : falling ? (one ?? Number.NaN) : Number.NEGATIVE_INFINITY;
    const high = second !== null ? (two ?? Number.NaN) : falling ? Number.POSITIVE_INFINITY : (one ?? Number.NaN);
    if (outer !== null && (low < outer.low || high > outer.high)) wrong[first] ??= "order";
    outer = { low, high };
  }
  if (Object.keys(found).length === 0) wrong[`levels.${levelsOf(kind)[0]}`] ??= "number";
  return found;
}

interface Says {
  params: Params;
  enabled: boolean;
}

/** Whether the rule as it is now says what was asked for: otherwise that waits, whatever others put in force meanwhile. */
export function holds(rule: Says, asked: Says): boolean {
  return rule.enabled === asked.enabled && same(rule.params, asked.params);
}

/** Whether two sets of parameters say the same; keys in any order. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => same(one, b[i]));
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const [left, right] = [a as Params, b as Params];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => same(left[key], right[key]));
}
