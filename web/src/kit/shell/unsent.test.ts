import i18next from "i18next";
import { beforeAll, expect, it } from "vitest";
import zh from "../../i18n/zh.json";
import { unsentWords } from "./unsent";

beforeAll(() => i18next.init({ lng: "zh", keySeparator: false, resources: { zh: { translation: zh } } }));

const one = (phase: "waiting" | "sending" | "refused", kept = true) => ({ phase, kept });

it("says that the county did not take it, not that a line is missing", () => {
  expect(unsentWords([one("refused")])).toContain("没收 1 张");
  expect(unsentWords([one("refused")])).not.toContain("连上就接着传");
});

it("says that a line is waited for while any waits, and first of all what this device cannot keep", () => {
  expect(unsentWords([one("refused"), one("waiting")])).toContain("连上就接着传");
  expect(unsentWords([one("refused", false), one("waiting")])).toContain("别关这一页");
});
