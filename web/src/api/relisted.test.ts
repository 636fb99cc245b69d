import { describe, expect, it } from "vitest";
import { relisted } from "./queries";
import type { Duty, DutyDetail } from "./types";

const duty = (id: number, state: Duty["state"]): Duty => ({ id, state }) as Duty;
const page = { items: [duty(1, "answered"), duty(2, "called")], count: 7 };

describe("relisted", () => {
  it("takes what is carried out from every list of open duties, and counts one less", () => {
    for (const view of ["mine", "called", "org", "late"]) {
      const { items, count } = relisted(page, view, duty(1, "done") as DutyDetail);
      expect(items.map((one) => one.id)).toEqual([2]);
      expect(count).toBe(6);
    }
  });

  it("shows what was recorded where the duty stays", () => {
    expect(relisted(page, "mine", duty(2, "answered") as DutyDetail)).toEqual({ items: [duty(1, "answered"), duty(2, "answered")], count: 7 });
    expect(relisted(page, "today", duty(1, "done") as DutyDetail).items[0]).toEqual(duty(1, "done"));
    expect(relisted(page, "mine", duty(9, "done") as DutyDetail)).toEqual(page);
  });
});
