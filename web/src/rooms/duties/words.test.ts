import { beforeAll, describe, expect, it } from "vitest";
import i18next from "i18next";
import zh from "../../i18n/zh.json";
import type { Limit } from "../../api/types";
import { answerWord, callTitle, clockWord, followWord } from "./words";

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

const clock = (kind: string): Limit => ({ starts_at: "2026-07-21T06:00:00Z", due_at: "2026-07-21T06:05:00Z", done_at: null, rungs: [], kind, who: "" });

describe("callTitle", () => {
  it("says a level only of a warning that has one", () => {
    expect(callTitle({ kind: "warning.verify", level: 4, verb: "核实" })).toBe("红色预警叫应");
    expect(callTitle({ kind: "warning.standby", level: 4, verb: "到位" })).toBe("红色预警救援待命");
    expect(callTitle({ kind: "weather.respond", level: 2, verb: "应对" })).toContain("预警叫应");
    expect(callTitle({ kind: "warning.close", level: 0, verb: "应答" })).toBe("叫你关闭");
    expect(callTitle({ kind: "order.carry_out", level: 3, verb: "应答" })).toBe("叫你落实");
    expect(callTitle({ kind: "finding.unknown", level: 0, verb: "应答" })).toBe("叫你应答");
  });
});

describe("answerWord", () => {
  it("speaks of disposing of a danger only where there is one", () => {
    expect(answerWord({ kind: "warning.verify" })).toBe("应答，我来处置");
    expect(answerWord({ kind: "order.carry_out" })).toBe("应答");
    expect(answerWord({ kind: "warning.standby" })).not.toContain("处置");
  });
});

describe("followWord", () => {
  it("is what comes after the answer, where anything does", () => {
    expect(followWord({ kind: "order.assign" })).toBe("分派");
    expect(followWord({ kind: "warning.standby" })).toBe("到位");
    expect(followWord({ kind: "warning.answer" })).toBeNull();
    expect(followWord({ kind: "finding.unknown" })).toBeNull();
  });
});

describe("clockWord", () => {
  it("names the stage that runs: the call, then the work", () => {
    expect(clockWord({ clock: clock("answer"), verb: "应答" })).toBe("应答");
    expect(clockWord({ clock: clock("carry_out"), verb: "落实" })).toBe("落实");
    expect(clockWord({ clock: clock("unheard_of"), verb: "办理" })).toBe("办理");
  });
});
