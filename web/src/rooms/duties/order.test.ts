import { describe, expect, it } from "vitest";
import type { Duty } from "../../api/types";
import { briefTitle, groupDuties, mostUrgent, ownActs, placeOf, rowAct, seenOf, sortDuties, watchAct } from "./order";

const at = (minute: number): string => new Date(Date.UTC(2026, 6, 21, 6, 0) + minute * 60_000).toISOString();

function duty(id: number, level: number, due: number | null, more: Partial<Duty> = {}): Duty {
  return {
    id,
    kind: "warning.answer",
    state: "called",
    verb: "v",
    title: "t",
    why: "",
    level,
    subject: { type: "warning", id: 9, label: "", url: "/warnings/9" },
    post: "",
    organisation: "",
    person: null,
    clock: due === null ? null : { starts_at: at(-60), due_at: at(due), done_at: null, rungs: [], kind: "answer", who: "" },
    group: "now",
    overdue: false,
    late_since: null,
    actions: [],
    calls: 1,
    round: 1,
    opened_at: at(-60),
    done_at: null,
    orders: [],
    ...more,
  };
}

const may = (...verbs: string[]): Duty["actions"] => verbs.map((verb) => ({ verb, allowed: true, why: null }));

describe("sortDuties", () => {
  it("puts red first, then the nearer limit, what has none last", () => {
    const shuffled = [duty(1, 1, 5), duty(2, 3, null), duty(3, 4, 40), duty(4, 3, -20), duty(5, 4, 2)];
    expect(sortDuties(shuffled).map((one) => one.id)).toEqual([5, 3, 4, 1, 2]);
  });

  it("does not disturb the list it was given", () => {
    const given = [duty(1, 1, 9), duty(2, 4, 9)];
    sortDuties(given);
    expect(given.map((one) => one.id)).toEqual([1, 2]);
  });
});

describe("groupDuties", () => {
  it("keeps every duty, in the groups' order, and shows no empty group", () => {
    const given = [duty(1, 0, 5, { group: "week" }), duty(2, 0, 5), duty(3, 4, 5)];
    const grouped = groupDuties(given);
    expect(grouped.map(({ group }) => group)).toEqual(["now", "week"]);
    expect(grouped.flatMap(({ items }) => items.map((one) => one.id))).toEqual([3, 2, 1]);
  });
});

describe("mostUrgent", () => {
  it("is the first running one in the desk's order", () => {
    const done = duty(1, 4, -5);
    if (done.clock) done.clock.done_at = at(-10);
    expect(mostUrgent([done, duty(2, 2, -30), duty(3, 4, 10)])?.id).toBe(3);
    expect(mostUrgent([duty(4, 4, null)])).toBeNull();
  });
});

describe("rowAct", () => {
  it("answers in one press", () => {
    expect(rowAct(duty(1, 4, 1, { actions: may("answer", "decline") }))).toEqual({ how: "send", verb: "answer" });
  });

  it("opens the warning where the words are given", () => {
    expect(rowAct(duty(1, 4, 1, { kind: "warning.verify", state: "answered", actions: may("done") }))).toEqual({ how: "open", url: "/warnings/9?do=verify" });
  });

  it("still answers for who is called after another has answered, and never for who has", () => {
    const late = { kind: "warning.verify", state: "answered" } as const;
    expect(rowAct(duty(1, 4, 1, { ...late, actions: may("answer", "recall") }))).toEqual({ how: "send", verb: "answer" });
    expect(rowAct(duty(1, 4, 1, { ...late, actions: may("recall") }))).toEqual({ how: "open", url: "/warnings/9?do=verify" });
  });

  it("asks for a note for other kinds", () => {
    expect(rowAct(duty(1, 0, 1, { kind: "county.report", actions: may("done") }))).toEqual({ how: "note", verb: "done" });
  });

  it("only looks when nothing is allowed", () => {
    const refused = [{ verb: "answer", allowed: false, why: "x" }];
    expect(rowAct(duty(1, 4, 1, { actions: refused }))).toEqual({ how: "open", url: "/warnings/9" });
  });
});

describe("placeOf", () => {
  it("is what stands before the colon, or all of it", () => {
    expect(placeOf({ title: "A\uff1ablah 5.97 m" })).toBe("A");
    expect(placeOf({ title: "whole" })).toBe("whole");
  });
});

describe("watchAct", () => {
  it("calls again who has not answered, and does nobody's work for them", () => {
    expect(watchAct(duty(1, 4, 1, { kind: "warning.dispose", actions: may("recall") }))).toEqual({ how: "send", verb: "recall" });
    expect(watchAct(duty(1, 4, 1, { kind: "warning.dispose", state: "answered", actions: may("recall") }))).toEqual({ how: "open", url: "/warnings/9" });
    expect(watchAct(duty(1, 4, 1, { kind: "warning.dispose", state: "answered", actions: may("answer") }))).toEqual({ how: "send", verb: "answer" });
    expect(watchAct(duty(1, 4, 1, { kind: "warning.dispose", actions: [] }))).toEqual({ how: "open", url: "/warnings/9" });
  });

  it("answers one's own call where it stands among those of others", () => {
    expect(watchAct(duty(1, 4, 1, { actions: may("answer", "recall") }))).toEqual({ how: "send", verb: "answer" });
  });
});

describe("briefTitle", () => {
  it("keeps the place and how bad it is; a title without a place stays whole", () => {
    expect(briefTitle({ title: "A\uff1ablah 5.97 m" }, "red")).toBe("A red");
    expect(briefTitle({ title: "whole" }, "red")).toBe("whole");
    expect(briefTitle({ title: "A\uff1ablah" }, "")).toBe("A\uff1ablah");
  });
});

it("tells with an act which duty it was, for a number may be given twice", () => {
  expect(seenOf(duty(3, 4, 2, { round: 2, done_at: at(1) }))).toEqual({ round: 2, opened_at: at(-60), done_at: at(1) });
});

describe("ownActs", () => {
  const order = (state: Duty["state"], ...verbs: string[]): Duty => duty(1, 0, 5, { kind: "order.carry_out", state, subject: { type: "order", id: 1, label: "", url: "/orders/1" }, actions: may(...verbs) });

  it("lets who is called answer or pass it on, then do it", () => {
    expect(ownActs(order("called", "answer", "decline"))).toEqual(["answer", "decline"]);
    expect(ownActs(order("answered", "done"))).toEqual(["done"]);
  });

  it("lets who is told of a late one answer, though there is nobody left to pass it on to", () => {
    expect(ownActs(order("answered", "answer"))).toEqual(["answer"]);
  });

  it("repeats nothing that has its own place on the page, and calls nobody again", () => {
    expect(ownActs({ ...order("answered", "recall"), kind: "order.assign" })).toEqual([]);
    expect(ownActs({ ...order("answered", "recall"), kind: "order.retell" })).toEqual([]);
  });
});
