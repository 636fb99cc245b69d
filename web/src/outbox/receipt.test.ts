import { afterAll, beforeAll, expect, it, vi } from "vitest";

// What answers: the county, or something on the way.
const net = { answer: (): Response => new Response() };

beforeAll(() => {
  const Plain = Request;
  vi.stubGlobal("document", { cookie: "csrftoken=x" });
  vi.stubGlobal("Request", class extends Plain { constructor(to: string, init?: RequestInit) { super(new URL(to, "http://county"), init); } });
  vi.stubGlobal("fetch", () => Promise.resolve(net.answer()));
});
afterAll(() => vi.unstubAllGlobals());

const act = { key: "k".repeat(32), user: 7, subject: 3, about: "x", deed: { verb: "duty.done" as const, body: { note: "" } }, at: 1_000 };

it("lets go of an act with the duty it was done to, and with nothing else", async () => {
  const { sendAct } = await import("./acts");
  net.answer = () => Response.json({ id: 3, state: "done" });
  await expect(sendAct(act)).resolves.toMatchObject({ state: "done" });
  const others = [() => new Response(""), () => new Response(null, { status: 204 }), () => Response.json({}), () => Response.json(null), () => Response.json({ id: 4, state: "done" }), () => new Response("<p>Sign in to this network</p>", { headers: { "Content-Type": "text/html" } })];
  for (const other of others) {
    net.answer = other;
    await expect(sendAct(act)).rejects.toThrow();
  }
});

it("numbers what is done on a device, also where the browser keeps nothing", async () => {
  const { nextOrder } = await import("./acts");
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) });
  const first = nextOrder();
  kept.set("shoutu.acts.order", String(first + 10)); // another window
  expect(nextOrder()).toBe(first + 11);
  vi.stubGlobal("localStorage", { getItem: () => { throw new Error("refused"); }, setItem: () => { throw new Error("refused"); } });
  expect(nextOrder()).toBe(first + 12);
});
