import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";

export function usePacks() {
  return useQuery({ queryKey: ["packs", "list"], queryFn: () => got(api.GET("/api/v1/packs")) });
}

export function usePack(name: string) {
  return useQuery({ queryKey: ["packs", "one", name], queryFn: () => got(api.GET("/api/v1/packs/{name}", { params: { path: { name } } })) });
}

export function useWatch(id: number) {
  return useQuery({ queryKey: ["sites", "watch", id], queryFn: () => got(api.GET("/api/v1/sites/{id}/watch", { params: { path: { id } } })), refetchInterval: 15_000 });
}

export function useFindings(filter: { q?: string; kind?: string; optional?: boolean }) {
  return useInfiniteQuery({
    queryKey: ["findings", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/findings", { params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

export function useFinding(id: number) {
  return useQuery({ queryKey: ["findings", "one", id], queryFn: () => got(api.GET("/api/v1/findings/{id}", { params: { path: { id } } })) });
}

export interface DesignEntry {
  values: Record<string, number>;
  document: string;
  dated: string | null;
  reason: string;
}

/** Entering a design value; what would lower a warning waits for a second person. */
export function useEnterDesign(site: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: DesignEntry) => got(api.POST("/api/v1/sites/{id}/design", { params: { path: { id: site } }, body })),
    onSuccess: () => {
      for (const key of ["sites", "findings", "duties", "points"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
