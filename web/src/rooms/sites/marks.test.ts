import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { Silence } from "../../api/silences";
import zh from "../../i18n/zh.json";
import { markWords } from "./marks";

const now = Date.parse("2026-11-27T09:00:00Z");
const row = { kind: "calibration", mutes: true, withheld: 3, state: "running", ends_at: "2026-11-27T10:00:00Z" } as Silence;

beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } }));

test("a mark says until when nothing new is raised, and how often it would have been", () => {
  expect(markWords(row, now)).toMatch(/^标校中，到 .*18:00:00：不产生新预警，已触发 3 次未告警$/);
  expect(markWords({ ...row, state: "ended" }, now)).toBe("标校期间触发 3 次未告警");
  expect(markWords({ ...row, state: "planned" }, now)).toBe("标校，还没开始");
  expect(markWords({ ...row, kind: "silence", mutes: false }, now)).toBe("静默，只压下呼叫");
});
