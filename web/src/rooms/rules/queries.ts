import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
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

export function useRequirements(filter: { q?: string; kind?: string; lacking?: boolean }) {
  return useInfiniteQuery({
    queryKey: ["findings", "requirements", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/requirements", { params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
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

export function useRule(id: number) {
  return useQuery({ queryKey: ["points", "rule", id], queryFn: () => got(api.GET("/api/v1/rules/{id}", { params: { path: { id } } })), refetchInterval: 15_000 });
}

export interface ChangeIn {
  params?: Record<string, unknown>;
  enabled: boolean;
  reason: string;
}

/** What a change would do: hold at once, or wait for a second person. Null asks nothing. */
export function useChangeCheck(rule: { id: number; version: number; enabled: boolean }, params: Record<string, unknown> | null) {
  return useQuery({
    queryKey: ["rules", "check", rule.id, rule.version, JSON.stringify(params)],
    queryFn: () => got(api.POST("/api/v1/rules/{id}/changes/check", { params: { path: { id: rule.id } }, body: { params: params ?? {}, enabled: rule.enabled } })),
    enabled: params !== null,
    staleTime: 60_000,
    retry: false,
  });
}

/** Change a rule: as a new version at once where it is at least as strict, else when a second person agrees. */
export function useProposeChange(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: ChangeIn) => got(api.POST("/api/v1/rules/{id}/changes", { params: { path: { id } }, body })),
    onSuccess: () => {
      for (const key of ["points", "proposals", "sites", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export interface NewRuleIn {
  point: number;
  kind: string;
  params: Record<string, unknown>;
  reason: string;
  title: string;
}

/** Watch a point by one more rule, from now on. */
export function useMakeRule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewRuleIn) => got(api.POST("/api/v1/rules", { body: { ...body, pack: "" } })),
    onSuccess: () => {
      for (const key of ["points", "sites", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

/** The value once it has stood still for so long: typing asks nothing. */
export function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export interface TrialOf {
  params: Record<string, unknown> | null;
  enabled: boolean;
}

/** A change tried on the point's stored readings; null tries nothing. */
export function useTrial(rule: { id: number; version: number }, of: TrialOf | null) {
  return useQuery({
    queryKey: ["rules", "trial", rule.id, rule.version, JSON.stringify(of)],
    queryFn: () => got(api.POST("/api/v1/rules/{id}/trial", { params: { path: { id: rule.id } }, body: { params: of?.params ?? null, enabled: of?.enabled ?? true, days: 30 } })),
    enabled: of !== null,
    staleTime: 300_000,
    retry: false,
  });
}

export interface BacktestOf {
  start: string;
  end: string;
  before_h: number;
  events: { start: string; end: string | null; name: string }[] | null;
}

/** A rule and its thresholds moved, over the point's stored readings: everything the slider shows, in one answer. */
export function useBacktest(rule: { id: number; version: number }, of: BacktestOf) {
  return useQuery({
    queryKey: ["rules", "backtest", rule.id, rule.version, JSON.stringify(of)],
    queryFn: () => got(api.POST("/api/v1/rules/{id}/backtest", { params: { path: { id: rule.id } }, body: of })),
    staleTime: 300_000,
    retry: false,
  });
}

export interface BacktestsOf extends BacktestOf {
  pack: string;
  site: number | null;
}

/** Every rule of a pack or site as it is in force, as many as one go takes; the next page goes on. Null asks nothing. */
export function useBacktests(of: BacktestsOf | null) {
  return useInfiniteQuery({
    queryKey: ["rules", "backtests", JSON.stringify(of)],
    queryFn: ({ pageParam }) => got(api.POST("/api/v1/backtests", { body: { ...of!, after: pageParam } })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    enabled: of !== null,
    staleTime: 300_000,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** What taking up a pack would do at each site it is made for. */
export function usePlan(name: string) {
  return useQuery({ queryKey: ["packs", "plan", name], queryFn: () => got(api.POST("/api/v1/packs/{name}/bindings/check", { params: { path: { name } }, body: { sites: null } })), staleTime: 60_000 });
}

/** Take up a pack at these sites: all of them or none. */
export function useBindMany(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (sites: number[]) => got(api.POST("/api/v1/packs/{name}/bindings", { params: { path: { name } }, body: { sites } })),
    onSuccess: () => {
      for (const key of ["packs", "sites", "points", "findings", "proposals", "duties", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
