import "fake-indexeddb/auto";
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { keepAnswers, oldSince } from "./answers";

// What the page hears by (`online`), where no window is.
vi.hoisted(() => {
  const heard = new EventTarget();
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("addEventListener", heard.addEventListener.bind(heard));
  vi.stubGlobal("removeEventListener", heard.removeEventListener.bind(heard));
});

const MINE = ["duties", "list", "mine"];

it("what was kept is old until the county has answered that very question, whatever else it answers", async () => {
  let reached = true;
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
  keepAnswers(client);
  const session = { queryKey: ["session"], queryFn: () => Promise.resolve({ user: { id: 7 } }) };
  const mine = { queryKey: MINE, queryFn: () => (reached ? Promise.resolve({ items: [] }) : Promise.reject(new Problem(0, ""))) };
  const open = (): (() => void)[] => [new QueryObserver(client, session), new QueryObserver(client, mine)].map((one) => one.subscribe(() => undefined));

  const shut = open();
  await vi.waitFor(() => expect(client.getQueryData(MINE)).toBeDefined());
  expect(oldSince(client)).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, 900)); // it is written down a moment after it came
  for (const one of shut) one();
  client.removeQueries({ queryKey: MINE });

  reached = false;
  open();
  await vi.waitFor(() => expect(client.getQueryData(MINE)).toEqual({ items: [] }));
  expect(oldSince(client)).not.toBeNull();
  await client.refetchQueries({ queryKey: ["session"], exact: true });
  expect(oldSince(client), "the county has said who I am, and not what calls me").not.toBeNull();

  reached = true;
  await client.refetchQueries({ queryKey: MINE });
  expect(oldSince(client)).toBeNull();
});
