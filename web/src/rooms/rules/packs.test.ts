import { expect, it } from "vitest";
import { packsFor } from "./packs";

const rows = [
  { name: "tailings", sites: 1, problem: null },
  { name: "open-pit", sites: 0, problem: null },
  { name: "broken", sites: 0, problem: "line 3" },
];
const names = (me: { whole: boolean; permissions: string[] }): string[] => packsFor(rows, me).map((row) => row.name);

it("shows a mine the packs that watch it, and those nobody can read", () => {
  expect(names({ whole: false, permissions: ["rule.read"] })).toEqual(["tailings", "broken"]);
});

it("shows all to the county, and to who may take one up", () => {
  expect(names({ whole: true, permissions: ["rule.read"] })).toHaveLength(3);
  expect(names({ whole: false, permissions: ["rule.edit"] })).toHaveLength(3);
});
