import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, got } from "./client";
import type { components } from "./schema";

export type QualitySummary = components["schemas"]["QualitySummary"];
export type PointQuality = components["schemas"]["PointQuality"];
export type Repair = components["schemas"]["Repair"];
export type EnterpriseQuality = components["schemas"]["EnterpriseQuality"];

const SLOW = 60_000; // reckoned once a day

export function useQuality() {
  return useQuery({ queryKey: ["quality", "summary"], queryFn: () => got(api.GET("/api/v1/quality")), refetchInterval: SLOW });
}

export interface QualityFilter {
  organisation?: number;
  below?: number;
  mend?: boolean;
  q?: string;
}

export function usePointQuality(filter: QualityFilter, ask: boolean) {
  return useInfiniteQuery({
    queryKey: ["quality", "points", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/quality/points", { params: { query: { limit: 50, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    enabled: ask,
    refetchInterval: SLOW,
  });
}

export function useEnterpriseQuality(q: string) {
  return useInfiniteQuery({
    queryKey: ["quality", "enterprises", q],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/quality/enterprises", { params: { query: { limit: 50, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: SLOW,
  });
}

/** The days of one point, newest first. */
export function useDaysOf(point: number) {
  return useQuery({
    queryKey: ["quality", "days", point],
    queryFn: () => got(api.GET("/api/v1/quality/points", { params: { query: { point, limit: 30 } } })),
  });
}
