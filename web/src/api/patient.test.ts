import { expect, test, vi } from "vitest";
import { patient } from "./patient";

const busy = () => new Response("{}", { status: 503, headers: { "Retry-After": "0" } });

function server(...answers: Response[]) {
  const bodies: string[] = [];
  const ask = vi.fn(async (request: Request) => {
    bodies.push(await request.text());
    return answers.shift() ?? new Response("{}");
  });
  return { ask, bodies };
}

test.each(["GET", "PUT", "DELETE"])("a %s that met a busy server is asked once more, with its body", async (method) => {
  const { ask, bodies } = server(busy());
  const body = method === "GET" ? null : "{\"a\":1}";
  const answer = await patient(new Request("http://x/api", { method, body }), ask);
  expect(answer.status).toBe(200);
  expect(bodies).toEqual([body ?? "", body ?? ""]);
});

test("busy twice is the answer", async () => {
  const { ask } = server(busy(), busy());
  expect((await patient(new Request("http://x/api"), ask)).status).toBe(503);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("a POST is never sent twice", async () => {
  const { ask } = server(busy());
  expect((await patient(new Request("http://x/api", { method: "POST", body: "{}" }), ask)).status).toBe(503);
  expect(ask).toHaveBeenCalledTimes(1);
});

test("a 503 that does not say when to come again is not asked again", async () => {
  const { ask } = server(new Response("{}", { status: 503 }));
  expect((await patient(new Request("http://x/api"), ask)).status).toBe(503);
  expect(ask).toHaveBeenCalledTimes(1);
});
