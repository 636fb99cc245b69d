import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { Duty } from "../api/types";
import zh from "../i18n/zh.json";
import { callsIn, newCalls, noticeOf, timesOf } from "./calls";

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

const duty = (id: number, state: string, calls: number, allowed = true, round = 1): Duty => ({ id, state, calls, round, actions: [{ verb: "answer", allowed }] }) as unknown as Duty;

describe("calls shown outside the page", () => {
  it("are those that wait for my answer", () => {
    const all = [duty(1, "called", 1), duty(2, "answered", 1), duty(3, "called", 2, false), duty(4, "called", 3)];
    expect([...callsIn(all).keys()]).toEqual([1, 4]);
  });

  it("are told when they were not there, and when they called again", () => {
    expect(newCalls(new Map([[1, 1], [2, 1]]), new Map([[1, 1], [2, 2], [3, 1]]))).toEqual([2, 3]);
    expect(newCalls(new Map([[1, 3]]), new Map([[1, 3]]))).toEqual([]);
  });

  it("are told when what was yellow is red: its calls are counted from one again", () => {
    const yellow = callsIn([duty(1, "called", 3)]);
    expect(newCalls(yellow, callsIn([duty(1, "called", 1, true, 2)]))).toEqual([1]);
    expect(newCalls(yellow, callsIn([duty(1, "called", 3)]))).toEqual([]);
    expect(timesOf({ round: 2, calls: 1 })).toBeGreaterThan(timesOf({ round: 1, calls: 999 }));
  });

  it("say of a danger what it is, and of anything that may name a person only that it waits", () => {
    const about = (type: string) => noticeOf({ level: 4, title: "title", subject: { type } } as Duty);
    expect(about("warning").body).toBe("title");
    expect(about("licence").body).not.toContain("title");
    expect(about("licence").title).not.toBe(about("warning").title);
  });
});
