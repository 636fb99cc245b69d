import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Beginning = S["Beginning"];
export type Step = S["BeginningStep"];
export type Checked = S["BoundaryCheck"];
export type Taken = S["BoundariesTaken"];
export type Crs = "wgs84" | "gcj02";
export type Others = "refuse" | "neighbours" | "townships";

/** How far this county is set up, by its own data: what is done elsewhere meanwhile shows by itself. */
export function useBeginning(enabled = true) {
  return useQuery({ queryKey: ["beginning"], queryFn: () => got(api.GET("/api/v1/beginning")), enabled, refetchInterval: 10_000 });
}

/** A file's body goes as it is; the generated type only knows text. */
const raw = (file: File) => ({
  body: file as unknown as string,
  bodySerializer: (body: unknown) => body as BodyInit,
  headers: { "Content-Type": "application/octet-stream" },
});

export interface Ask {
  file: File;
  crs: Crs;
  others: Others;
}

/** What would come of a file of outlines; asked anew for another file, grid or answer, kept nowhere. */
export function useCheck(ask: Ask | null) {
  return useQuery({
    queryKey: ["boundaries", "check", ask?.file.name, ask?.file.size, ask?.file.lastModified, ask?.crs, ask?.others],
    queryFn: () => got(api.POST("/api/v1/boundaries/check", { params: { query: { crs: ask!.crs, others: ask!.others } }, ...raw(ask!.file) })),
    enabled: ask !== null,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
}

export function useTake() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, crs, others, plan, source, schematic }: Ask & { plan: string; source: string; schematic: boolean }) =>
      got(api.POST("/api/v1/boundaries", { params: { query: { crs, others, plan, source, schematic } }, ...raw(file) })),
    // The outlines and the townships are drawn and listed in many places.
    onSuccess: () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "boundaries" }),
    // The tree has changed since: look anew.
    onError: () => void client.invalidateQueries({ queryKey: ["boundaries"] }),
  });
}

export function useRename() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name, code }: { id: number; name: string; code: string }) => got(api.PATCH("/api/v1/territories/{id}", { params: { path: { id } }, body: { name, code } })),
    onSuccess: () => void client.invalidateQueries(),
  });
}
