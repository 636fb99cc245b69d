import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Report = S["ReportOut"];
export type ReportDetail = S["ReportDetail"];
export type Dispatch = S["DispatchOut"];
export type Draft = S["DraftOut"];
export type Target = S["TargetIn"];
export type Superior = S["SuperiorOut"];
export type SuperiorIn = S["SuperiorIn"];
export type ToTell = S["ToTell"];
export type Plan = S["PlanOut"];
export type Order = S["OrderOut"];
export type OrderDetail = S["OrderDetail"];
export type OrderIn = S["OrderIn"];
export type Kind = Report["kind"];
export type Way = Dispatch["way"];

/** A report is of a warning, or the answer to an order. */
export type About = { warning: number } | { order: number };

export function useReports(state: "" | "unconfirmed") {
  return useInfiniteQuery({
    queryKey: ["reports", "list", state],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/reports", { params: { query: { state, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: 30_000,
  });
}

export function useDue(enabled = true) {
  return useQuery({ queryKey: ["reports", "due"], queryFn: () => got(api.GET("/api/v1/reports/due")), refetchInterval: 30_000, enabled });
}

export function useReport(id: number) {
  return useQuery({ queryKey: ["reports", "one", id], queryFn: () => got(api.GET("/api/v1/reports/{id}", { params: { path: { id } } })), refetchInterval: 10_000 });
}

export function useWarningReports(id: number, enabled: boolean) {
  return useQuery({ queryKey: ["reports", "warning", id], queryFn: () => got(api.GET("/api/v1/warnings/{id}/reports", { params: { path: { id } } })), enabled });
}

/** The text to start from is fetched once: what is being written must not change under the hand. */
export function useDraft(about: About, kind: Kind | "") {
  return useQuery({
    queryKey: ["drafts", about, kind],
    queryFn: () =>
      "warning" in about
        ? got(api.GET("/api/v1/warnings/{id}/reports/draft", { params: { path: { id: about.warning }, query: { kind } } }))
        : got(api.GET("/api/v1/orders/{id}/reply", { params: { path: { id: about.order } } })),
    staleTime: Infinity,
    gcTime: 0,
  });
}

export function useSuperiors(enabled = true) {
  return useQuery({ queryKey: ["reports", "superiors"], queryFn: () => got(api.GET("/api/v1/superiors")), enabled });
}

function useFresh(): () => void {
  const client = useQueryClient();
  return () => {
    for (const old of ["reports", "orders", "warnings", "duties", "ledger", "status"]) void client.invalidateQueries({ queryKey: [old] });
  };
}

export interface Sending {
  key: string;
  kind: Kind;
  title: string;
  text: string;
  signer: string;
  to: Target[];
  facts?: Draft["facts"];
  as_it_stands: boolean;
}

export function useSend(about: About) {
  const fresh = useFresh();
  return useMutation({
    mutationFn: (body: Sending) =>
      "warning" in about
        ? got(api.POST("/api/v1/warnings/{id}/reports", { params: { path: { id: about.warning } }, body }))
        : got(api.POST("/api/v1/orders/{id}/reply", { params: { path: { id: about.order } }, body })),
    onSuccess: fresh,
  });
}

export type DispatchAct = { id: number } & ({ verb: "receipt"; received_by: string; their_number: string } | { verb: "by-hand"; way: "phone" | "fax" | "system" | "paper"; detail: string } | { verb: "again" });

export function useDispatch() {
  const fresh = useFresh();
  return useMutation({
    mutationFn: (act: DispatchAct) => {
      const params = { path: { id: act.id } };
      if (act.verb === "receipt") return got(api.POST("/api/v1/dispatches/{id}/receipt", { params, body: { received_by: act.received_by, their_number: act.their_number } }));
      if (act.verb === "by-hand") return got(api.POST("/api/v1/dispatches/{id}/by-hand", { params, body: { way: act.way, detail: act.detail } }));
      return got(api.POST("/api/v1/dispatches/{id}/again", { params }));
    },
    onSuccess: fresh,
  });
}

export function useSetSuperior(id: number | null) {
  const fresh = useFresh();
  return useMutation({
    mutationFn: (body: SuperiorIn) => (id === null ? got(api.POST("/api/v1/superiors", { body })) : got(api.PUT("/api/v1/superiors/{id}", { params: { path: { id } }, body }))),
    onSuccess: fresh,
  });
}

export function useOrders(state: "open" | "all") {
  return useInfiniteQuery({
    queryKey: ["orders", "list", state],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/orders", { params: { query: { state, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: 30_000,
  });
}

/** Orders about a site or its enterprise, or about an enterprise and its sites, newest first. */
export function useOrdersAbout(about: { site: number } | { organisation: number }, enabled: boolean) {
  return useQuery({ queryKey: ["orders", "about", about], queryFn: () => got(api.GET("/api/v1/orders", { params: { query: { state: "all", ...about, limit: 20 } } })), refetchInterval: 30_000, enabled });
}

export function useOrder(id: number) {
  return useQuery({ queryKey: ["orders", "one", id], queryFn: () => got(api.GET("/api/v1/orders/{id}", { params: { path: { id } } })), refetchInterval: 15_000 });
}

export function useEnterOrder() {
  const fresh = useFresh();
  return useMutation({ mutationFn: (body: OrderIn) => got(api.POST("/api/v1/orders", { body })), onSuccess: fresh });
}

export function useGive(id: number) {
  const fresh = useFresh();
  return useMutation({ mutationFn: (body: { posts: number[]; due_at: string | null }) => got(api.POST("/api/v1/orders/{id}/give", { params: { path: { id } }, body })), onSuccess: fresh });
}

export function useEnd(id: number) {
  const fresh = useFresh();
  return useMutation({ mutationFn: (note: string) => got(api.POST("/api/v1/orders/{id}/end", { params: { path: { id } }, body: { note } })), onSuccess: fresh });
}
