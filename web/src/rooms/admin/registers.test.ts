import { expect, test } from "vitest";
import { linesOf, registersOf } from "./registers";

const TEXT = "T1/水位, 3, 0, f32, order=CDAB, scale=0.1, unit=2, fault=32767\n泵, 1, 7, bit";

test("lines of the form and the values they mean are one to one", () => {
  const { rows, wrong } = registersOf(TEXT);
  expect(wrong).toBeNull();
  expect(rows[0]).toEqual({ address: "T1/水位", function: 3, index: 0, type: "f32", order: "CDAB", scale: 0.1, offset: 0, unit: 2, fault: 32767 });
  expect(linesOf(rows)).toBe(TEXT);
});

test("columns copied from a table are apart by tabs, and empty lines are none", () => {
  expect(registersOf("a\t3\t40\ti16\t\t\n\nb，4，1，u16").rows.map((one) => [one.address, one.index])).toEqual([["a", 40], ["b", 1]]);
});

test.each([["a, 3, 0"], ["a, 5, 0, u16"], ["a, 3, -1, u16"], ["a, 3, 0, u8"], ["a, 3, 0, u16, order=ABDC"], ["a, 3, 0, u16, scale="], ["a, 3, 0, u16, size=2"], [", 3, 0, u16"]])("%s is told by its line", (line) => {
  expect(registersOf(`ok, 3, 0, u16\n${line}`)).toEqual({ rows: [], wrong: 2 });
});
