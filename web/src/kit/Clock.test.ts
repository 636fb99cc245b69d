import { beforeAll, describe, expect, it } from "vitest";
import i18next from "i18next";
import zh from "../i18n/zh.json";
import type { Limit } from "../api/types";
import { voiceWords } from "./Clock";

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

const limit = (who: string, kind: string): Limit => ({ who, kind, starts_at: "2026-07-21T06:00:00Z", due_at: "2026-07-21T07:09:48Z", done_at: null, rungs: [] });

describe("voiceWords", () => {
  it("names whose limit it is, else what it is for", () => {
    expect(voiceWords(limit("尾矿库库长", "answer"), "run")).toBe("尾矿库库长：15:09:48 到期");
    expect(voiceWords(limit("", "carry_out"), "run")).toBe("落实：15:09:48 到期");
    expect(voiceWords(limit("", "report"), "over")).toBe("上报：已超时，应在 15:09:48 前");
    expect(voiceWords(limit("", "unheard_of"), "run")).toBe("时限：15:09:48 到期");
  });
});
