import i18next from "i18next";
import { describe, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { curveEnd, momentLabel } from "./WarningCurve";

const now = Date.parse("2026-11-24T08:00:00Z");
const open = { state: "calling", ended_at: null, last_signal_at: "2026-11-24T07:00:00Z", backfill: false } as const;

describe("curveEnd", () => {
  it("runs on while the warning stands", () => {
    expect(curveEnd(open, now)).toBeNull();
    expect(curveEnd({ ...open, last_signal_at: "2026-11-20T07:00:00Z" }, now)).toBeNull();
  });
  it("ends an hour after the end of a closed warning", () => {
    expect(curveEnd({ ...open, state: "closed", ended_at: "2026-11-24T07:30:00Z" }, now)).toBe("2026-11-24T08:30:00.000Z");
  });
  it("stays with what was told years later", () => {
    expect(curveEnd({ ...open, backfill: true, last_signal_at: "2014-02-09T12:35:00Z" }, now)).toBe("2014-02-09T13:35:00.000Z");
    expect(curveEnd({ ...open, backfill: true }, now)).toBeNull();
  });
});

describe("momentLabel", () => {
  it("names a line only where one was crossed", async () => {
    await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } } });
    const peak = { at: "2026-11-24T07:00:00Z", level_to: 2 };
    expect(momentLabel("threshold", peak)).toMatch(/越黄线$/);
    expect(momentLabel("anomaly", peak)).toMatch(/异常$/);
  });
});
