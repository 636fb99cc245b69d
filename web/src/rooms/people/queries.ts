import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Finding = S["FindingOut"];
export type Cell = S["Cell"];
export type MatrixRow = S["MatrixRow"];
export type CalendarRow = S["CalendarRow"];
export type CalendarShift = S["CalendarShift"];
export type Handover = S["HandoverOut"];
export type Territory = S["TerritoryOut"];
export type Organisation = S["OrganisationOut"];
export type PostRow = S["PostRow"];
export type PersonRow = S["PersonRow"];
export type Leave = S["LeaveOut"];
export type Account = S["AccountOut"];
export type Due = S["DueOut"];
export type Obligation = S["ObligationOut"];
export type Named = S["Named"];

const PAGE = 50;
const next = <P extends { next?: string | null | undefined }>(page: P): string | null => page.next ?? null;

export function useFindings(kind: string) {
  return useInfiniteQuery({
    queryKey: ["people", "findings", kind],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/responsibilities/findings", { params: { query: { kind, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
    placeholderData: keepPreviousData,
  });
}

export function useMatrix(filter: { q?: string; territory?: number; kind?: string }) {
  return useInfiniteQuery({
    queryKey: ["people", "matrix", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/responsibilities/matrix", { params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
    placeholderData: keepPreviousData,
  });
}

export function useCalendar(start: string, days: number) {
  return useQuery({
    queryKey: ["people", "calendar", start, days],
    queryFn: () => got(api.GET("/api/v1/roster/calendar", { params: { query: { start, days } } })),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
}

export function useHandovers() {
  return useQuery({ queryKey: ["people", "handovers"], queryFn: () => got(api.GET("/api/v1/roster/handovers", { params: { query: { limit: 8 } } })) });
}

export function useHandover(id: number) {
  return useQuery({
    queryKey: ["people", "handover", id],
    queryFn: () => got(api.GET("/api/v1/roster/handovers/{id}", { params: { path: { id } } })),
    enabled: id > 0,
  });
}

export function useTerritories() {
  return useQuery({ queryKey: ["people", "territories"], queryFn: () => got(api.GET("/api/v1/territories")), staleTime: 30_000 });
}

/** Organisations to choose from: the first hundred that are sought. */
export function useOrganisations(filter: { q?: string; kind?: string }) {
  return useQuery({
    queryKey: ["people", "organisations", filter],
    queryFn: () => got(api.GET("/api/v1/organisations", { params: { query: { ...filter, limit: 100 } } })),
    placeholderData: keepPreviousData,
  });
}

/** Sites to choose from: the first hundred that are sought. */
export function useSiteOptions(q: string) {
  return useQuery({
    queryKey: ["sites", "options", q],
    queryFn: () => got(api.GET("/api/v1/sites", { params: { query: { ...(q ? { q } : {}), sort: "name", limit: 100 } } })),
    placeholderData: keepPreviousData,
  });
}

export function useOrganisationList(filter: { territory?: number; q?: string }) {
  return useInfiniteQuery({
    queryKey: ["people", "organisations", "list", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/organisations", { params: { query: { ...filter, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
    placeholderData: keepPreviousData,
  });
}

export function useOrganisation(id: number) {
  return useQuery({
    queryKey: ["people", "organisations", "one", id],
    queryFn: () => got(api.GET("/api/v1/organisations/{id}", { params: { path: { id } } })),
    enabled: Number.isInteger(id) && id > 0,
  });
}

/** The posts of an enterprise, those on a rung first: all there are, for an enterprise has no hundred. */
export function useTopPosts(organisation: number) {
  return useQuery({
    queryKey: ["people", "posts", "top", organisation],
    queryFn: () => got(api.GET("/api/v1/posts", { params: { query: { organisation, sort: "-rung", limit: 100 } } })),
    refetchInterval: 60_000,
  });
}

export function usePostList(organisation: number) {
  return useInfiniteQuery({
    queryKey: ["people", "posts", "list", organisation],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/posts", { params: { query: { organisation, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
  });
}

export function usePersonList(organisation: number) {
  return useInfiniteQuery({
    queryKey: ["people", "persons", "list", organisation],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/persons", { params: { query: { organisation, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
  });
}

export function usePosts(filter: { organisation?: number; q?: string; on_shift?: boolean }, enabled = true) {
  return useQuery({
    queryKey: ["people", "posts", filter],
    queryFn: () => got(api.GET("/api/v1/posts", { params: { query: { ...filter, limit: 100 } } })),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export function usePost(id: number) {
  return useQuery({
    queryKey: ["people", "post", id],
    queryFn: () => got(api.GET("/api/v1/posts/{id}", { params: { path: { id } } })),
    enabled: id > 0,
  });
}

export function usePersons(filter: { organisation?: number; for_post?: number; q?: string }, enabled = true) {
  return useQuery({
    queryKey: ["people", "persons", filter],
    queryFn: () => got(api.GET("/api/v1/persons", { params: { query: { ...filter, limit: 100 } } })),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** Accounts, for those who manage them. */
export function useAccounts(q: string) {
  return useInfiniteQuery({
    queryKey: ["people", "accounts", q],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/users", { params: { query: { ...(q ? { q } : {}), limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
    placeholderData: keepPreviousData,
  });
}

export function useDues(state: string) {
  return useQuery({
    queryKey: ["people", "dues", state],
    queryFn: () => got(api.GET("/api/v1/obligations/dues", { params: { query: { ...(state ? { state } : {}), sort: "state", limit: 200 } } })),
    placeholderData: keepPreviousData,
  });
}

export function useObligations() {
  return useQuery({ queryKey: ["people", "obligations"], queryFn: () => got(api.GET("/api/v1/obligations", { params: { query: { limit: 200 } } })) });
}

/** Sends one change; everything this room shows is then asked anew. */
export function useChange<V, R>(send: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => {
      for (const key of ["people", "sites", "roster", "duties", "status", "beginning"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
