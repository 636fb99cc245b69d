import { beforeEach, expect, it, vi } from "vitest";
import { closeThose, showOnce } from "./shown";

interface Standing {
  tag: string;
  data: unknown;
  close: () => void;
}

let standing: Standing[] = [];
const buzzed: string[] = [];
const kept = new Map<string, string>();

/** A screen that takes a moment to show and to tell what it shows, as they do. */
const screen = {
  getNotifications: async (of?: { tag?: string }) => {
    await Promise.resolve();
    return standing.filter((one) => of?.tag === undefined || one.tag === of.tag) as unknown as Notification[];
  },
  showNotification: async (_title: string, options: NotificationOptions & { tag: string; data: unknown }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const one: Standing = { tag: options.tag, data: options.data, close: () => void (standing = standing.filter((other) => other !== one)) };
    standing = [...standing.filter((other) => other.tag !== one.tag), one];
    buzzed.push(one.tag);
  },
} as unknown as ServiceWorkerRegistration;

const call = (id: number, calls: number): Promise<void> => showOnce(screen, `call-${id}`, calls, "x", { data: { url: `/answer/${id}` } });

beforeEach(() => {
  standing = [];
  buzzed.length = 0;
  kept.clear();
  let last: Promise<unknown> = Promise.resolve();
  const request = (_name: string, run: () => Promise<void>): Promise<void> => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
  vi.stubGlobal("navigator", { locks: { request } });
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) });
});

it("two windows that hear of one call at once buzz once, and again when it calls again", async () => {
  await Promise.all([call(3, 1), call(3, 1)]);
  expect(buzzed).toEqual(["call-3"]);
  await Promise.all([call(3, 2), call(3, 2), call(4, 1)]);
  expect(buzzed).toEqual(["call-3", "call-3", "call-4"]);
});

it("what was pressed away is not shown again by the window that is later", async () => {
  await call(3, 1);
  standing[0]?.close();
  await call(3, 1);
  expect(buzzed).toEqual(["call-3"]);
});

it("what is over is closed and forgotten", async () => {
  await Promise.all([call(3, 1), call(4, 1)]);
  await closeThose(screen, (tag) => tag === "call-3");
  expect(standing.map((one) => one.tag)).toEqual(["call-4"]);
  await call(3, 1);
  expect(buzzed.at(-1)).toBe("call-3");
});
