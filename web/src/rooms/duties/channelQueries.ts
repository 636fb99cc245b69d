import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];

export function useChannels() {
  return useQuery({ queryKey: ["channels", "list"], queryFn: () => got(api.GET("/api/v1/channels")), refetchInterval: 5_000 });
}

export function useChannelKinds() {
  return useQuery({ queryKey: ["channels", "kinds"], queryFn: () => got(api.GET("/api/v1/channels/kinds")), staleTime: Infinity });
}

export function useContacts(filter: { channel?: number; state?: string; q?: string }) {
  return useInfiniteQuery({
    queryKey: ["channels", "contacts", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/contacts", { params: { query: { ...filter, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
}

/** Every change here may show in every list of this page. */
function useChange<In, Out>(send: (given: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => void client.invalidateQueries({ queryKey: ["channels"] }) });
}

export function useChannelAdd() {
  return useChange((body: S["ChannelIn"]) => got(api.POST("/api/v1/channels", { body })));
}

export function useChannelChange() {
  return useChange(({ id, body }: { id: number; body: S["ChannelChange"] }) => got(api.PATCH("/api/v1/channels/{id}", { params: { path: { id } }, body })));
}

export function useEndpointAllow() {
  return useChange((body: S["EndpointIn"]) => got(api.POST("/api/v1/channels/endpoints", { body })));
}

export function useCallbackToken() {
  return useChange((id: number) => got(api.POST("/api/v1/channels/{id}/token", { params: { path: { id } } })));
}

export function useContactSet() {
  return useChange((body: S["ContactIn"]) => got(api.POST("/api/v1/contacts", { body })));
}

export function useContactTest() {
  return useChange((id: number) => got(api.POST("/api/v1/contacts/{id}/test", { params: { path: { id } } })));
}

export function usePersons(q: string) {
  return useQuery({
    queryKey: ["people", "persons", "find", q],
    queryFn: () => got(api.GET("/api/v1/persons", { params: { query: { q, limit: 20 } } })),
    placeholderData: keepPreviousData,
  });
}
