import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";

export type CountVerb = "set" | "confirm" | "positioning" | "more" | "back" | "fewer" | "resume";

export interface CountAct {
  id: number;
  verb: CountVerb;
  /** New for each step, the same when a step is sent again: what a phone repeats is counted once. */
  key: string;
  amount: number | null;
  names: string[];
  words: string;
}

/** Open withdrawals I see, for the desk. */
export function useEvacuations() {
  return useQuery({
    queryKey: ["warnings", "evacuations"],
    queryFn: () => got(api.GET("/api/v1/evacuations", { params: { query: { limit: 20 } } })),
    refetchInterval: 30_000,
  });
}

function send({ id, verb, key, amount, names, words }: CountAct) {
  const params = { path: { id } };
  const n = amount ?? 0;
  switch (verb) {
    case "set":
      return got(api.POST("/api/v1/evacuations/{id}/count", { params, body: { key, amount: n, source: words } }));
    case "confirm":
      return got(api.POST("/api/v1/evacuations/{id}/out", { params, body: names.length > 0 ? { key, names, group: words } : { key, names, count: n, group: words } }));
    case "positioning":
      return got(api.POST("/api/v1/evacuations/{id}/positioning", { params, body: { key } }));
    case "fewer":
      return got(api.POST("/api/v1/evacuations/{id}/fewer", { params, body: { amount: n, reason: words } }));
    case "resume":
      return got(api.POST("/api/v1/evacuations/{id}/resume", { params, body: { note: words } }));
    default:
      return got(api.POST(`/api/v1/evacuations/{id}/${verb}`, { params, body: { key, amount: n, reason: words } }));
  }
}

export function useCount() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => {
      for (const old of ["warnings", "duties", "status", "screen"]) void client.invalidateQueries({ queryKey: [old] });
    },
  });
}
