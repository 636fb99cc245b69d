import { describe, expect, it } from "vitest";
import { drop, dropAll, keep, placeOf, read, type Store } from "./kept";

function shelf(): Store & { names: () => string[] } {
  const all = new Map<string, string>();
  return {
    getItem: (name) => all.get(name) ?? null,
    setItem: (name, value) => void all.set(name, value),
    removeItem: (name) => void all.delete(name),
    key: (i) => [...all.keys()][i] ?? null,
    get length() {
      return all.size;
    },
    names: () => [...all.keys()],
  };
}

const kept = (user: number, told: string) => ({ user, drawn: 1000, at: 2000, told });

describe("what is being written", () => {
  it("comes back to its writer with its times, and to nobody else", () => {
    const store = shelf();
    keep(store, "report:w12:first", kept(7, "a"));
    expect(read(store, 7, "report:w12:first")).toEqual(kept(7, "a"));
    expect(read(store, 8, "report:w12:first")).toBeNull();
  });
  it("is kept by what it is: another kind of report deletes nothing", () => {
    const store = shelf();
    keep(store, "report:w12:first", kept(7, "a"));
    keep(store, "report:w12:follow", kept(7, "b"));
    drop(store, 7, "report:w12:follow");
    expect(read<string>(store, 7, "report:w12:first")?.told).toBe("a");
  });
  it("goes when its writer leaves, with what older versions left; other things stay", () => {
    const store = shelf();
    keep(store, "report:w12:first", kept(7, "a"));
    store.setItem("report:w12", "{}");
    store.setItem("shoutu.tongue", "en");
    dropAll(store);
    expect(store.names()).toEqual(["shoutu.tongue"]);
  });
  it("is nothing where it cannot be read, and a full store breaks nothing", () => {
    const store = shelf();
    store.setItem(placeOf(7, "x"), "{half");
    store.setItem(placeOf(7, "y"), JSON.stringify({ user: 7, told: "no time" }));
    expect(read(store, 7, "x")).toBeNull();
    expect(read(store, 7, "y")).toBeNull();
    expect(() => keep({ ...store, setItem: () => { throw new Error("full"); } }, "z", kept(7, "a"))).not.toThrow();
  });
});
