import { expect, it, vi } from "vitest";
import { inRounds } from "./groups";
import { Problem } from "./problem";

function rounds(...answers: (number | Problem)[]) {
  return vi.fn(async () => {
    const next = answers.shift();
    if (typeof next !== "number") throw next ?? new Error("asked once too often");
    return { left: next };
  });
}

it("asks on until none is left", async () => {
  const ask = rounds(120, 40, 0);
  await inRounds(ask);
  expect(ask).toHaveBeenCalledTimes(3);
});

it("takes a 409 for the end after the first round, when others have answered the rest meanwhile", async () => {
  const ask = rounds(3, new Problem(409, "none waits for you"));
  await inRounds(ask);
  expect(ask).toHaveBeenCalledTimes(2);
});

it("says so where none waited from the start, and where a later round fails otherwise", async () => {
  await expect(inRounds(rounds(new Problem(409, "none")))).rejects.toMatchObject({ status: 409 });
  await expect(inRounds(rounds(3, new Problem(503, "busy")))).rejects.toMatchObject({ status: 503 });
});
