import { describe, expect, it } from "vitest";
import type { SiteMark } from "../../api/types";
import { buildIndex, layNames, laySpots, overlap, readingWords, textWidth, type PlacedSite } from "./layout";
import { boundsOf, fit, scaleBar, viewOf } from "./mercator";

const camera = { longitude: 111.9, latitude: 35.95, zoom: 10 };
const view = viewOf(camera, 868, 748);

function site(id: number, level: number, longitude: number, latitude: number, name = `甲矿${id}`): PlacedSite {
  const mark: SiteMark = {
    id, name, kind: "open_pit", territory: "北王镇", territory_id: 2, longitude, latitude, level, state: level > 0 ? "raised" : "normal",
    standing: level > 0 ? "answered" : null, warning: null, item: "浸润线埋深", value: 5.96, unit: "m", points: 3, blind: 0, operating: "producing", care: null,
  };
  return mark as PlacedSite;
}

const lay = (sites: PlacedSite[]) => laySpots(buildIndex(sites, 1), sites, view, 1);
const heap = (n: number, level = 0) => Array.from({ length: n }, (_, i) => site(i + 1, i === 0 ? level : 0, 111.9 + i * 1e-5, 35.95));

describe("laySpots", () => {
  it("gathers what lies on one spot, with the count and the worst", () => {
    const [cluster, ...more] = lay(heap(40, 3));
    expect(more).toEqual([]);
    expect(cluster?.cluster).toMatchObject({ count: 40, worst: 3 });
  });

  it("never hides a red one", () => {
    const spots = lay(heap(40, 4));
    expect(spots.at(-1)?.site).toMatchObject({ id: 1, level: 4 });
    expect(spots.map((spot) => spot.cluster?.count ?? 1)).toEqual([39, 1]);
  });

  it("loses and doubles none of 5,000 sites", () => {
    const sites = Array.from({ length: 5000 }, (_, i) => site(i, i % 97 === 0 ? (i % 4) + 1 : 0, 111.65 + (i % 71) * 0.007, 35.82 + (i % 67) * 0.004));
    const count = lay(sites).reduce((sum, spot) => sum + (spot.cluster?.count ?? 1), 0);
    expect(count).toBe(5000);
  });

  it("sizes marks as the grammar says", () => {
    const spots = lay([0, 1, 2, 3, 4].map((level) => site(level, level, 111.7 + level * 0.1, 35.95)));
    expect(spots.map((spot) => spot.size)).toEqual([10, 24, 34, 36, 46]);
  });

  it("names yellow, orange and red, and only where the names hide nothing", () => {
    const spots = lay([1, 2, 3, 4].map((level) => site(level, level, 111.75 + level * 0.06, 35.95)));
    expect(spots.map((spot) => spot.label !== null)).toEqual([false, true, true, true]);
    const labels = spots.flatMap((spot) => spot.label ?? []);
    labels.forEach((a, i) => labels.slice(i + 1).forEach((b) => expect(overlap(a, b)).toBe(0)));
  });

  it("names red even at the edge, inside the view", () => {
    const [west, , east] = view.bounds;
    for (const longitude of [west + 0.01, east - 0.01]) {
      const label = lay([site(1, 4, longitude, 35.95, "很长名字的铁矿尾矿库")])[0]?.label;
      expect(label?.x).toBeGreaterThanOrEqual(0);
      expect((label?.x ?? 0) + (label?.width ?? 0)).toBeLessThanOrEqual(view.width);
    }
  });
});

describe("layNames", () => {
  it("moves aside for a mark and is left out where there is no room", () => {
    const spots = lay([site(1, 4, 111.9, 35.95)]);
    const name = { name: "北王镇", kind: "territory" as const, longitude: 111.9, latitude: 35.95 };
    const [placed] = layNames([name], spots, view, 1);
    expect(placed && spots.every((spot) => spot.label === null || overlap(placed, spot.label) === 0)).toBe(true);
    const crowd = Array.from({ length: 40 }, (_, i) => site(i, 4, 111.86 + (i % 8) * 0.01, 35.93 + Math.floor(i / 8) * 0.01));
    expect(layNames([name], lay(crowd), view, 1)).toEqual([]);
  });
});

describe("words", () => {
  it("measure Chinese wider than figures", () => {
    expect(textWidth("浸润线", 10)).toBe(30);
    expect(textWidth("5.96", 10)).toBeCloseTo(24);
  });
  it("say the reading with its unit, or the item alone", () => {
    expect(readingWords({ item: "位移", value: -5.956, unit: "mm" })).toBe("位移 −5.96\u00a0mm");
    expect(readingWords({ item: "断传", value: null, unit: "" })).toBe("断传");
  });
});

describe("mercator", () => {
  it("projects the centre to the middle, north upward", () => {
    expect(view.project(111.9, 35.95)).toEqual([expect.closeTo(434), expect.closeTo(374)]);
    expect(view.project(111.9, 36)[1]).toBeLessThan(374);
    expect(view.bounds[3]).toBeGreaterThan(view.bounds[1]);
  });
  it("fits the county's outline inside the frame", () => {
    const bounds = boundsOf([{ coordinates: [[[[111.64, 35.82], [112.21, 36.1]]]] }]);
    expect(bounds).toEqual([111.64, 35.82, 112.21, 36.1]);
    const fitted = viewOf(fit(bounds!, 868, 748, 40), 868, 748);
    const [x0, y1] = fitted.project(111.64, 35.82);
    const [x1, y0] = fitted.project(112.21, 36.1);
    expect(Math.min(x0, y0)).toBeGreaterThanOrEqual(39.9);
    expect(x1).toBeLessThanOrEqual(828.1);
    expect(y1).toBeLessThanOrEqual(708.1);
    expect(boundsOf([])).toBeNull();
  });
  it("draws a scale bar that tells the truth", () => {
    const bar = scaleBar(view, 60);
    const metres = (bar.km / 111.32 / Math.cos((35.95 * Math.PI) / 180)) * 1;
    expect(view.project(111.9 + metres, 35.95)[0] - 434).toBeCloseTo(bar.px, 0);
  });
});
