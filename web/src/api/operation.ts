import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";
import type { components } from "./schema";

type S = components["schemas"];
export type SiteOperation = S["SiteOperation"];
export type Doing = SiteOperation["state"];
export type StateIn = S["SiteStateIn"];
export type BlastingIn = S["BlastingIn"];
export type BlastingRow = S["BlastingRow"];

export function useOperation(site: number) {
  return useQuery({ queryKey: ["sites", "operation", site], queryFn: () => got(api.GET("/api/v1/sites/{id}/operation", { params: { path: { id: site } } })), refetchInterval: 30_000 });
}

export type OperationAct = { verb: "state"; body: StateIn } | { verb: "blasting"; body: BlastingIn } | { verb: "revoke"; window: number };

export function useOperationAct(site: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: OperationAct) => {
      const path = { id: site };
      if (act.verb === "state") return got(api.POST("/api/v1/sites/{id}/state", { params: { path }, body: act.body }));
      if (act.verb === "blasting") return got(api.POST("/api/v1/sites/{id}/blasting", { params: { path }, body: act.body }));
      return got(api.POST("/api/v1/sites/{id}/blasting/{window}/revoke", { params: { path: { id: site, window: act.window } } }));
    },
    onSuccess: (told) => {
      client.setQueryData(["sites", "operation", site], told);
      for (const key of ["sites", "proposals", "warnings", "screen", "points", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
