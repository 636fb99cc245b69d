import { describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { draftOf, fieldsOf, hasLimits, levelsOf } from "./draft";
import { begun, calm, choices, chosen, fieldOf, kinds, learnsWords, levelsUnit } from "./newrule";

const words = zh as Record<string, string>;

describe("a rule made by hand", () => {
  it("has a form for every kind, with words for every field and choice", () => {
    for (const kind of kinds) {
      expect(words[`rule.kind.${kind}`]).toBeTruthy();
      expect(words[`newRule.what.${kind}`]).toBeTruthy();
      for (const field of fieldsOf(kind, chosen(kind, {}))) if (!field.includes(".")) expect(words[`ruleEdit.param.${field}`], field).toBeTruthy();
      for (const [name, options] of Object.entries(choices[kind])) {
        expect(words[`newRule.choice.${name}`]).toBeTruthy();
        for (const one of options) expect(words[`newRule.${name}.${one}`], `${name}.${one}`).toBeTruthy();
      }
    }
  });

  it("begins with what only lacks the limits the design gives", () => {
    for (const kind of kinds) {
      const wrong = draftOf(kind, chosen(kind, {}), begun(kind, 600)).wrong;
      const lacks = kind === "forecast" ? ["target", "levels.4"] : hasLimits(kind) && kind !== "anomaly" ? ["levels.4"] : [];
      expect(Object.keys(wrong).sort(), kind).toEqual([...lacks].sort());
    }
  });

  it("of what is new calls once in two months where nothing happens, however often the point is read", () => {
    for (const interval of [60, 600, 3600]) {
      const blue = calm(interval);
      expect((30 * 86400) / interval / blue).toBeCloseTo(0.5, 1);
      expect(draftOf("anomaly", {}, begun("anomaly", interval)).wrong).toEqual({});
    }
    expect(calm(1)).toBe(100_000);
    expect(levelsOf("anomaly")).toEqual([2, 1]);
    expect(learnsWords({}, 600)).toBeNull();
  });

  it("without a period counts what there is now", () => {
    expect(chosen("quota", { period: "none", form: "integral" })).toEqual({ form: "count" });
    expect(chosen("quota", { period: "year" })).toEqual({ period: "year", form: "sum" });
    expect(levelsUnit("accumulation", "mm/h", { form: "integral" })).toBe("mm");
    expect(levelsUnit("rate", "m", {})).toBe("m/h");
  });

  it("shows what the server refused at the field it names", () => {
    const fields = fieldsOf("threshold", { direction: "band" });
    expect(fieldOf("threshold", "params.levels.4", fields)).toBe("levels.4.0");
    expect(fieldOf("threshold", "params.levels", fields)).toBe("levels.4.0");
    expect(fieldOf("threshold", "params.hysteresis", fields)).toBe("hysteresis");
    expect(fieldOf("threshold", "params.direction", [...fields, "direction"])).toBe("direction");
    expect(fieldOf("implausible", "danger", [...fieldsOf("implausible", {}), "danger"])).toBe("danger");
    // Of what the form does not show nobody would read the refusal beside it.
    for (const hidden of ["kind", "reason", "title", "danger", "kind_of"]) expect(fieldOf("threshold", hidden, fields), hidden).toBeNull();
    expect(fieldOf("threshold", null, fields)).toBeNull();
  });
});
