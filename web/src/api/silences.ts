import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";
import type { components } from "./schema";

type S = components["schemas"];
export type Silence = S["SilenceOut"];
export type SilenceDetail = S["SilenceDetail"];
export type SilenceIn = S["SilenceIn"];
export type SilenceKind = Silence["kind"];

export function useSilences(state: "open" | "over") {
  return useQuery({
    queryKey: ["silences", "list", state],
    queryFn: () => got(api.GET("/api/v1/silences", { params: { query: { state, limit: 100 } } })),
    refetchInterval: 30_000,
  });
}

/** The newest silences and marks of one point. */
export function useSilencesOf(point: number) {
  return useQuery({
    queryKey: ["silences", "point", point],
    queryFn: () => got(api.GET("/api/v1/silences", { params: { query: { point, state: "all", sort: "-id", limit: 5 } } })),
    refetchInterval: 30_000,
  });
}

export function useSilence(id: number | null) {
  return useQuery({
    queryKey: ["silences", "one", id],
    queryFn: () => got(api.GET("/api/v1/silences/{id}", { params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });
}

export type SilenceAct = { verb: "ask"; body: SilenceIn } | { verb: "revoke"; id: number; reason: string };

export function useSilenceAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (act: SilenceAct): Promise<{ proposal: number | null }> => {
      if (act.verb === "ask") return got(api.POST("/api/v1/silences", { body: act.body }));
      await got(api.POST("/api/v1/silences/{id}/revoke", { params: { path: { id: act.id } }, body: { reason: act.reason } }));
      return { proposal: null };
    },
    onSuccess: () => {
      for (const key of ["silences", "warnings", "proposals", "duties", "status"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
