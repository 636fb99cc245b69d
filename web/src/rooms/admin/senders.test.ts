import { beforeAll, expect, test } from "vitest";
import i18next from "i18next";
import zh from "../../i18n/zh.json";
import type { Sender, Source } from "./queries";
import { deviceLines } from "./senders";

const NOW = Date.parse("2026-08-01T01:00:00Z");
const source = { id: 3, tokens: [{ id: 1, name: "a", mn: "M1", device: null, created_at: "", revoked_at: null }, { id: 2, name: "b", mn: "M2", device: null, created_at: "", revoked_at: null }, { id: 4, name: "c", mn: "M0", device: null, created_at: "", revoked_at: "2026-07-01T00:00:00Z" }] } as unknown as Source;
const sender: Sender = { source: 3, door: "hj212", device: "M1", peer: "10.0.0.7", connections: 1, since: "2026-08-01T00:58:00Z", heard: "2026-08-01T00:59:50Z", accepted: 7, refused: 1, reason: "", detail: "" };

beforeAll(async () => {
  await i18next.init({ lng: "zh", keySeparator: false, nsSeparator: false, resources: { zh: { translation: zh } }, interpolation: { escapeValue: false } });
});

test("a connected logger says since when, when it was heard, and what became of its readings", () => {
  const [one] = deviceLines(source, [sender], NOW);
  expect(one?.state).toBe("on");
  expect(one?.title).toBe("HJ 212 M1");
  for (const words of ["连着 2 分", "10 秒", "收 7 条，退 1 条", "10.0.0.7"]) expect(one?.words).toContain(words);
});

test("one that left, one that never came and one that was revoked are told apart", () => {
  const lines = deviceLines(source, [{ ...sender, connections: 0, since: null }], NOW);
  expect(lines.map((line) => line.state)).toEqual(["off", "off"]);
  expect(lines[0]?.words).toContain("没有连着");
  expect(lines[1]).toMatchObject({ title: "HJ 212 M2", words: "还没有连过" });
});

test("the HTTP door has no lasting connections, and another source's devices are not shown", () => {
  const lines = deviceLines({ ...source, tokens: [] }, [{ ...sender, door: "http", device: "", connections: 0, peer: "" }, { ...sender, source: 9 }], NOW);
  expect(lines.map((line) => [line.title, line.state])).toEqual([["HTTP", "apart"]]);
  expect(lines[0]?.words).not.toContain("连");
});

test("a device that is called is away with the reason, and one never reached is shown", () => {
  const device = { kind: "modbus", host: "10.20.0.5", port: 502, every_s: 10, registers: [{}, {}] };
  const calling = { ...source, tokens: [{ id: 7, name: "PLC", mn: "", device, revoked_at: null }, { id: 8, name: "PLC 2", mn: "", device, revoked_at: null }] } as unknown as Source;
  const lines = deviceLines(calling, [{ ...sender, door: "modbus", device: "PLC", connections: 0, since: null, reason: "refused", detail: "10.20.0.5:502" }], NOW);
  expect(lines.map((line) => [line.title, line.state])).toEqual([["Modbus TCP PLC", "off"], ["Modbus TCP PLC 2", "off"]]);
  expect(lines[0]?.words).toContain("没有连着 \u00b7 对方不接受连接 10.20.0.5:502");
  expect(lines[1]?.words).toBe("还没有连过");
});

test("of a logger nobody asked about nothing is said, least of all that it never came", () => {
  expect(deviceLines(source, null, NOW)).toEqual([]);
});
