import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Health = S["HealthOut"];
export type HealthLine = S["LineOut"];

export const HEALTH_EVERY_MS = 5_000;

export function useHealth() {
  return useQuery({ queryKey: ["health"], queryFn: () => got(api.GET("/api/v1/health")), refetchInterval: HEALTH_EVERY_MS });
}

export type ApiToken = S["TokenOut"];
export type NewToken = S["NewToken"];
export type Source = S["Source"];
export type Sender = S["Sender"];
export type ModbusDevice = S["Modbus"];
export type OpcuaDevice = S["Opcua"];
export type SourceChanged = S["SourceChanged"];

const PAGE = 50;
const next = <P extends { next?: string | null | undefined }>(page: P): string | null => page.next ?? null;

export function useApiTokens() {
  return useInfiniteQuery({
    queryKey: ["admin", "tokens"],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/tokens", { params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
  });
}

export function useSources(q: string) {
  return useInfiniteQuery({
    queryKey: ["admin", "sources", q],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/sources", { params: { query: { sort: "name", limit: PAGE, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: next,
    placeholderData: keepPreviousData,
  });
}

/** One change of the page: what it shows is asked anew after it, and so is what waits for a second person. */
export function useChange<V, R>(send: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => {
      for (const key of ["admin", "proposals", "status", "beginning"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export const SENDERS_EVERY_MS = 10_000;

const SENDERS_AT_ONCE = 200;

/** Who of these sources sends now, with the sources that were asked about: of others nothing is known. Without the pipeline there is no answer, and the list stands as it is. */
export function useSenders(sources: readonly number[]) {
  return useQuery({
    queryKey: ["admin", "senders", sources],
    queryFn: async () => {
      const parts = [];
      for (let from = 0; from < sources.length; from += SENDERS_AT_ONCE) {
        parts.push(await got(api.GET("/api/v1/senders", { params: { query: { source: sources.slice(from, from + SENDERS_AT_ONCE) } } })));
      }
      return { asked: new Set(sources), items: parts.flatMap((part) => part.items) };
    },
    enabled: sources.length > 0,
    refetchInterval: SENDERS_EVERY_MS,
    placeholderData: keepPreviousData,
    retry: false,
  });
}
