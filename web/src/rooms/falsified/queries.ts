import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Finding = S["FalsifiedFinding"];
export type FindingDetail = S["FalsifiedDetail"];
export type Summary = S["FalsifiedSummary"];
/** Readings `[ts, value]` of a stretch and its margin. */
export interface Part {
  start: number;
  end: number;
  rows: readonly (readonly (number | null)[])[];
  cut: boolean;
}
export type Outcome = "real" | "fault" | "normal";

export interface FindingFilter {
  state?: string;
  q?: string;
}

export function useSummary() {
  return useQuery({ queryKey: ["falsified", "summary"], queryFn: () => got(api.GET("/api/v1/falsified/summary")) });
}

export function useFindings(filter: FindingFilter) {
  return useInfiniteQuery({
    queryKey: ["falsified", "list", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/falsified", { params: { query: { limit: 50, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
  });
}

export function useFinding(id: number) {
  return useQuery({ queryKey: ["falsified", "one", id], queryFn: () => got(api.GET("/api/v1/falsified/{id}", { params: { path: { id } } })), enabled: Number.isInteger(id) });
}

/** What was told then is told for ever: asked for once. */
export function useSeries(id: number) {
  return useQuery({ queryKey: ["falsified", "series", id], queryFn: () => got(api.GET("/api/v1/falsified/{id}/series", { params: { path: { id } } })), enabled: Number.isInteger(id), staleTime: Infinity });
}

export type FindingAct = { verb: "check" } | { verb: "decide"; outcome: Outcome; note: string };

export function useFindingAct(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: FindingAct): Promise<FindingDetail> => {
      const params = { path: { id } };
      if (act.verb === "check") return got(api.POST("/api/v1/falsified/{id}/check", { params }));
      return got(api.POST("/api/v1/falsified/{id}/decide", { params, body: { outcome: act.outcome, note: act.note } }));
    },
    onSuccess: () => {
      for (const key of ["falsified", "duties", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
