import { describe, expect, it } from "vitest";
import { onceEach } from "./pages";

describe("onceEach", () => {
  it("keeps the order of the pages and shows a row that stands in two of them once, where it is first", () => {
    const pages = [{ items: [{ id: 7, level: 4 }, { id: 2, level: 1 }] }, { items: [{ id: 1, level: 0 }, { id: 7, level: 0 }] }];
    expect(onceEach(pages)).toEqual([{ id: 7, level: 4 }, { id: 2, level: 1 }, { id: 1, level: 0 }]);
  });

  it("is empty before anything was fetched", () => {
    expect(onceEach(undefined)).toEqual([]);
  });
});
