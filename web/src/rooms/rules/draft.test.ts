import { expect, test } from "vitest";
import { draftOf, holds, same, textsOf } from "./draft";

const low = { levels: { "4": 6, "3": 6.6 }, direction: "low", hysteresis: 0, raise_for_s: 60, clear_for_s: 0 };
const band = { levels: { "2": [1, 5], "4": [0, 9] }, direction: "band", hysteresis: 0, raise_for_s: 0, clear_for_s: 0 };

test("what is typed and not changed says what it said", () => {
  for (const params of [low, band]) {
    const draft = draftOf("threshold", params, textsOf("threshold", params));
    expect(draft.wrong).toEqual({});
    expect(same(draft.params, params)).toBe(true);
  }
});

test("an emptied limit leaves its level out, an emptied time is left out", () => {
  const draft = draftOf("threshold", low, { ...textsOf("threshold", low), "levels.3": "", raise_for_s: " " });
  expect(draft.params.levels).toEqual({ "4": 6 });
  expect("raise_for_s" in draft.params).toBe(false);
});

test("a minus from a paper is a minus", () => {
  const draft = draftOf("rate", { levels: { "4": -2 }, direction: "low" }, { "levels.4": "\u22123.5" });
  expect(draft.params.levels).toEqual({ "4": -3.5 });
});

test("a milder limit further out than a graver one is wrong, by name", () => {
  expect(draftOf("threshold", low, { ...textsOf("threshold", low), "levels.3": "5" }).wrong).toEqual({ "levels.3": "order" });
  expect(draftOf("threshold", { ...low, direction: "high" }, { "levels.4": "5", "levels.3": "6" }).wrong).toEqual({ "levels.3": "order" });
  expect(draftOf("threshold", band, { ...textsOf("threshold", band), "levels.2.1": "12" }).wrong).toEqual({ "levels.2.0": "order" });
});

test("hours left are fewer the graver the level, whatever way the value goes", () => {
  const ahead = { levels: { "1": 72, "3": 24 }, target: 10, direction: "high", window_s: 86400, interval_s: 1800, min_samples: 12, confidence: 0.95, form: "linear" };
  const texts = textsOf("forecast", ahead);
  expect(draftOf("forecast", ahead, texts)).toEqual({ params: ahead, wrong: {} });
  expect(draftOf("forecast", ahead, { ...texts, "levels.1": "12" }).wrong).toEqual({ "levels.1": "order" });
});

test("words are no number, half a band is no pair, no limit at all is nothing to watch", () => {
  expect(draftOf("threshold", low, { ...textsOf("threshold", low), "levels.4": "six" }).wrong["levels.4"]).toBe("number");
  expect(draftOf("threshold", band, { ...textsOf("threshold", band), "levels.2.1": "" }).wrong["levels.2.1"]).toBe("pair");
  expect(draftOf("threshold", low, {}).wrong["levels.4"]).toBe("number");
});

test("a ladder keeps its levels and changes its counts", () => {
  const ladder = { form: "ladder", items: ["a"], steps: [{ level: 1, count: 4, to: 2 }], wait_s: 30 };
  const draft = draftOf("composite", ladder, { ...textsOf("composite", ladder), "steps.0.count": "3" });
  expect(draft.params.steps).toEqual([{ level: 1, count: 3, to: 2 }]);
});

test("a change holds when the rule says it, not when others have made another version meanwhile", () => {
  const asked = { params: { ...low, hysteresis: 0.1 }, enabled: true };
  expect(holds({ params: Object.fromEntries(Object.entries(asked.params).reverse()), enabled: true }, asked)).toBe(true);
  expect(holds({ params: { ...low, raise_for_s: 30 }, enabled: true }, asked)).toBe(false);
  expect(holds({ ...asked, enabled: false }, asked)).toBe(false);
});

test("what is only new reaches yellow, and is the rarer the graver", () => {
  const unlike = { levels: { "1": 3000, "2": 30000 }, learn_s: 604800, min_samples: 500, utc_offset_h: 8, hysteresis: 0, raise_for_s: 0, clear_for_s: 43200 };
  const texts = textsOf("anomaly", unlike);
  expect(Object.keys(texts)).toEqual(["levels.2", "levels.1", "learn_s", "min_samples", "raise_for_s", "clear_for_s"]);
  expect(draftOf("anomaly", unlike, texts)).toEqual({ params: unlike, wrong: {} });
  expect(draftOf("anomaly", unlike, { ...texts, "levels.1": "40000" }).wrong).toEqual({ "levels.1": "order" });
  expect(draftOf("anomaly", unlike, { ...texts, "levels.1": "", "levels.2": "" }).wrong).toEqual({ "levels.2": "number" });
});

test("a field out of what the engine takes, or empty where it cannot be, is wrong by name", () => {
  const unlike = { levels: { "1": 3000 }, learn_s: 604800, min_samples: 500, clear_for_s: 43200, raise_for_s: 0 };
  const texts = textsOf("anomaly", unlike);
  expect(draftOf("anomaly", unlike, texts).wrong).toEqual({});
  expect(draftOf("anomaly", unlike, { ...texts, "levels.1": "50", learn_s: "-1", min_samples: "10" }).wrong).toEqual({ "levels.1": "range", learn_s: "range", min_samples: "range" });
  expect(draftOf("accumulation", { form: "sum" }, { "levels.1": "5" }).wrong).toEqual({ window_s: "missing", bucket_s: "missing" });
  expect(draftOf("stuck", {}, { window_s: "" }).wrong).toEqual({ window_s: "missing" });
});
