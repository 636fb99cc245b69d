import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";
import type { components } from "./schema";

export type Unclaimed = components["schemas"]["Unclaimed"];
export type Suggestion = components["schemas"]["Suggestion"];
export type Item = components["schemas"]["Item"];
export type Adoption = components["schemas"]["AdoptIn"];

export function useUnclaimed(q: string) {
  return useInfiniteQuery({
    queryKey: ["unclaimed", "list", q],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/unclaimed", { params: { query: { limit: 100, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
}

/** How many addresses wait to be adopted. */
export function useUnclaimedCount(ask: boolean) {
  return useQuery({
    queryKey: ["unclaimed", "count"],
    queryFn: async () => (await got(api.GET("/api/v1/unclaimed", { params: { query: { limit: 1, adoptable: true } } }))).count,
    enabled: ask,
    refetchInterval: 10_000,
  });
}

/** Asked once, when the form opens: it must not change under the hand of who fills it in. */
export function useSuggestion(id: number) {
  return useQuery({
    queryKey: ["suggestion", id],
    queryFn: () => got(api.GET("/api/v1/unclaimed/{id}/suggestion", { params: { path: { id } } })),
    staleTime: Infinity,
    gcTime: 0,
  });
}

export function useItems(kind: string) {
  return useQuery({
    queryKey: ["packs", "items", kind],
    queryFn: () => got(api.GET("/api/v1/items", { params: { query: { kind } } })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

export function useAdopt() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Adoption) => got(api.POST("/api/v1/unclaimed/adopt", { body })),
    onSettled: () => {
      for (const key of ["unclaimed", "points", "sites", "findings"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
