import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import { isEmbedded } from "../../embed/key";
import { readProblem } from "../../api/problem";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Table = S["TableOut"];
export type Import = S["ImportOut"];
export type ImportRow = S["ImportRowOut"];
export type RowState = ImportRow["state"];
export type Filter = Record<string, string | number | boolean | undefined>;

/** What the server is busy with by itself: worth asking after. */
export function isRunning(job: Import | undefined | null): boolean {
  return job !== undefined && job !== null && ["uploaded", "reading", "confirmed", "following"].includes(job.state);
}

export function useTable(name: string): Table | undefined {
  // In a frame of another platform nothing goes in or out.
  const list = useQuery({ queryKey: ["tables"], queryFn: () => got(api.GET("/api/v1/tables")), staleTime: Infinity, enabled: !isEmbedded });
  return list.data?.items.find((table) => table.name === name);
}

/** My newest file for this table that is neither done nor given up, or was refused without my having seen it. */
export function useOpenImport(table: string, enabled: boolean) {
  return useQuery({
    queryKey: ["imports", "open", table],
    queryFn: () => got(api.GET("/api/v1/imports", { params: { query: { table, open: true, limit: 1 } } })),
    enabled,
    refetchInterval: (query) => (isRunning(query.state.data?.items[0]) ? 2_000 : false),
  });
}

export function useImport(id: number | null) {
  return useQuery({
    queryKey: ["imports", "one", id],
    queryFn: () => got(api.GET("/api/v1/imports/{id}", { params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
    refetchInterval: (query) => (isRunning(query.state.data) ? 700 : false),
  });
}

export function useImportRows(job: Import, view: RowState | "noted") {
  return useQuery({
    queryKey: ["imports", "rows", job.id, job.plan, view],
    queryFn: () =>
      got(api.GET("/api/v1/imports/{id}/rows", { params: { path: { id: job.id }, query: { limit: 100, ...(view === "noted" ? { noted: true } : { state: view }) } } })),
    staleTime: Infinity,
  });
}

export function useImportAct(table: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: { verb: "send"; file: File } | { verb: "confirm"; job: Import } | { verb: "discard"; job: Import } | { verb: "see"; job: Import }): Promise<Import> => {
      switch (act.verb) {
        case "send":
          return got(
            api.POST("/api/v1/tables/{name}/imports", {
              params: { path: { name: table }, query: { file: act.file.name } },
              // The file goes as it is; the generated type only knows text.
              body: act.file as unknown as string,
              bodySerializer: (body) => body as unknown as BodyInit,
              headers: { "Content-Type": "application/octet-stream" },
            }),
          );
        case "confirm":
          return got(api.POST("/api/v1/imports/{id}/confirm", { params: { path: { id: act.job.id } }, body: { plan: act.job.plan } }));
        case "see":
          return got(api.POST("/api/v1/imports/{id}/seen", { params: { path: { id: act.job.id } } }));
        case "discard":
          return got(api.POST("/api/v1/imports/{id}/discard", { params: { path: { id: act.job.id } } }));
      }
    },
    onSuccess: (job) => {
      client.setQueryData(["imports", "one", job.id], job);
      void client.invalidateQueries({ queryKey: ["imports", "open"] });
    },
  });
}

interface FileAnswer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** Saves a file under the name the server gave it. */
async function save(asked: Promise<FileAnswer>): Promise<void> {
  const { data, error, response } = await asked;
  if (!response.ok) throw readProblem(response.status, error);
  const named = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data as Blob);
  link.download = named ? decodeURIComponent(named) : "table";
  link.click();
  URL.revokeObjectURL(link.href);
}

export type Wanted = { kind: "template" } | { kind: "errors"; id: number } | { kind: "export"; format: "xlsx" | "csv"; whole: boolean; filter: Filter };

/** A file to keep: a template, a list, or what was wrong with a file. */
export function useDownload(table: string) {
  return useMutation({
    mutationFn: (wanted: Wanted) => {
      const path = { name: table };
      switch (wanted.kind) {
        case "template":
          return save(api.GET("/api/v1/tables/{name}/template", { params: { path }, parseAs: "blob" }));
        case "errors":
          return save(api.GET("/api/v1/imports/{id}/errors", { params: { path: { id: wanted.id } }, parseAs: "blob" }));
        case "export": {
          const query = { ...wanted.filter, format: wanted.format, ...(wanted.whole ? { whole: true } : {}) };
          return save(api.GET("/api/v1/tables/{name}/export", { params: { path, query }, parseAs: "blob" }));
        }
      }
    },
  });
}
