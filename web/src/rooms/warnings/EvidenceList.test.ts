import { expect, it } from "vitest";
import { sendEach } from "./EvidenceList";

it("sends every photograph, and keeps those that were lost with why", async () => {
  const files = ["a.jpg", "b.jpg", "c.jpg"].map((name) => new File(["x"], name));
  const tried: string[] = [];
  const lost = await sendEach(files, (file, n) => {
    tried.push(`${n} ${file.name}`);
    return file.name === "c.jpg" ? Promise.resolve() : Promise.reject(new Error(file.name));
  });
  expect(tried).toEqual(["1 a.jpg", "2 b.jpg", "3 c.jpg"]);
  expect(lost.map((one) => one.file)).toEqual([files[0], files[1]]);
  expect(lost.map((one) => (one.error as Error).message)).toEqual(["a.jpg", "b.jpg"]);
});
