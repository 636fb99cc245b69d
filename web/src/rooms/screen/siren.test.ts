import { expect, it } from "vitest";
import { loudest, soundsOf } from "./siren";

const red = { id: 1, level: 4 };
const orange = { id: 2, level: 3 };

it("sounds for the worst that is not muted on this screen", () => {
  expect(loudest([], [])).toBe(0);
  expect(loudest([orange, red], [])).toBe(4);
  expect(loudest([orange, red], soundsOf([red]))).toBe(3);
  expect(loudest([orange, red], soundsOf([orange, red]))).toBe(0);
});

it("sounds for one that comes as another goes, and for one that got worse", () => {
  const mutes = soundsOf([red]);
  expect(loudest([{ id: 9, level: 4 }], mutes)).toBe(4);
  expect(loudest([{ ...orange, level: 4 }], soundsOf([orange]))).toBe(4);
});
