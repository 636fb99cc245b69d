import { afterAll, beforeAll, expect, it, vi } from "vitest";

// The network of this test: what was asked for, and a county that can be written to and then not be read.
const asked: string[] = [];
const net = { down: false };

beforeAll(() => {
  const Plain = Request;
  vi.stubGlobal("document", { cookie: "csrftoken=x" });
  vi.stubGlobal("Request", class extends Plain { constructor(to: string, init?: RequestInit) { super(new URL(to, "http://county"), init); } });
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    if (net.down || request.method === "GET") return Promise.reject(new TypeError("no network"));
    return Promise.resolve(Response.json({ id: 3, state: "going" }));
  });
});
afterAll(() => vi.unstubAllGlobals());

it("says a withdrawal is ordered once it is, whether or not the warning can be read after it", async () => {
  const { sendWarningAct } = await import("./queries");
  await expect(sendWarningAct(5, { verb: "withdraw", body: { note: "x" } })).resolves.toBeNull();
  expect(asked).toEqual(["POST /api/v1/warnings/5/withdraw"]);
  net.down = true;
  await expect(sendWarningAct(5, { verb: "withdraw", body: { note: "x" } })).rejects.toThrow();
});
