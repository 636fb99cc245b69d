import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";
import type { components } from "./schema";

export type SetAside = components["schemas"]["AsideOut"];

export function useAsides() {
  return useQuery({
    queryKey: ["signals", "aside"],
    queryFn: () => got(api.GET("/api/v1/signals", { params: { query: { limit: 100 } } })),
    refetchInterval: 15_000,
  });
}

export function useRetrySignal() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => got(api.POST("/api/v1/signals/{id}/retry", { params: { path: { id } } })),
    onSettled: () => {
      for (const key of ["signals", "warnings", "status"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
