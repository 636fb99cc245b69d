import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Weather = S["Weather"];
export type WeatherDetail = S["WeatherDetail"];
export type WeatherCall = S["WeatherCall"];
export type WeatherMessage = S["WeatherMessage"];
export type WeatherIn = S["WeatherIn"];
export type Colour = WeatherIn["colour"];

export function useWeather(state: string) {
  return useInfiniteQuery({
    queryKey: ["weather", "list", state],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/weather", { params: { query: { state, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });
}

/** Messages that became no warning: what could not be read, drills, cancellations of what nobody knows. */
export function useLeftOver(standing: "refused" | "noted") {
  return useQuery({ queryKey: ["weather", "messages", standing], queryFn: () => got(api.GET("/api/v1/weather/messages", { params: { query: { standing, limit: 20 } } })) });
}

export function useWeatherForm() {
  return useQuery({ queryKey: ["weather", "form"], queryFn: () => got(api.GET("/api/v1/weather/form")), staleTime: 60_000 });
}

export function useOneWeather(id: number) {
  return useQuery({
    queryKey: ["weather", "one", id],
    queryFn: () => got(api.GET("/api/v1/weather/{id}", { params: { path: { id } } })),
    enabled: Number.isInteger(id),
    refetchInterval: 10_000,
  });
}

export function useWeatherTimeline(id: number) {
  return useQuery({
    queryKey: ["weather", "timeline", id],
    queryFn: () => got(api.GET("/api/v1/weather/{id}/timeline", { params: { path: { id } } })),
    enabled: Number.isInteger(id),
  });
}

export function useSiteWeather(id: number) {
  return useQuery({ queryKey: ["weather", "site", id], queryFn: () => got(api.GET("/api/v1/sites/{id}/weather", { params: { path: { id }, query: { limit: 10 } } })), refetchInterval: 60_000 });
}

export type WeatherAct = { verb: "recall" } | { verb: "lift"; reason: string } | { verb: "place"; message: number; townships: number[] };

export function useWeatherAct(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: WeatherAct) => {
      const params = { path: { id } };
      if (act.verb === "recall") return got(api.POST("/api/v1/weather/{id}/recall", { params }));
      if (act.verb === "lift") return got(api.POST("/api/v1/weather/{id}/lift", { params, body: { reason: act.reason } }));
      return got(api.POST("/api/v1/weather/messages/{id}/place", { params: { path: { id: act.message } }, body: { townships: act.townships } }));
    },
    onSuccess: () => {
      for (const key of ["weather", "proposals", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export function useEnterWeather() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: WeatherIn) => got(api.POST("/api/v1/weather", { body })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["weather"] }),
  });
}

export function usePasteWeather() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (xml: string) => got(api.POST("/api/v1/weather/paste", { body: { xml } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ["weather"] }),
  });
}
