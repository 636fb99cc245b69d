import { expect, it } from "vitest";
import type { SiteMark } from "../../api/types";
import { townshipsOf } from "./townships";

const site = (territory: string, level: number, points: number, blind = 0): SiteMark => ({ territory, territory_id: territory.charCodeAt(0), state: level > 0 ? "raised" : points > 0 && blind >= points ? "silent" : "normal", level, points, blind }) as SiteMark;

it("adds up each township, the worst first", () => {
  const rows = townshipsOf([site("b", 0, 4, 1), site("a", 0, 0), site("c", 3, 2, 2), site("d", 4, 1), site("b", 1, 2), site("c", 0, 1, 1)]);
  expect(rows.map((row) => row.name)).toEqual(["d", "c", "b", "a"]);
  expect(rows[2]).toMatchObject({ sites: 2, watched: 2, silent: 0, points: 6, online: 5, levels: { 1: 1, 2: 0, 3: 0, 4: 0 } });
  expect(rows[1]).toMatchObject({ silent: 1, online: 0, points: 3 });
  expect(rows[3]).toMatchObject({ watched: 0, points: 0 });
});

it("one red weighs more than any number of blues", () => {
  expect(townshipsOf([site("a", 1, 1), site("a", 1, 1), site("b", 4, 1)])[0]?.name).toBe("b");
});
