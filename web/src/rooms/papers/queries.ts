import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";

type S = components["schemas"];
export type Licence = S["Licence"];
export type LicenceDetail = S["LicenceDetail"];
export type LicenceForm = S["LicenceForm"];
export type LicenceKind = S["LicenceKindRow"];
export type LicenceContent = S["LicenceContent"];

export interface LicenceFilter {
  organisation?: number;
  standing?: string;
  kind?: string;
  q?: string;
}

export function useLicences(filter: LicenceFilter, enabled = true) {
  return useInfiniteQuery({
    queryKey: ["licences", "list", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/licences", { params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    enabled,
  });
}

export type SiteLacking = S["SiteLacking"];

/** Sites that lack a licence they must have. */
export function useLacking(filter: { q?: string; kind?: string; organisation?: number }, enabled = true) {
  return useInfiniteQuery({
    queryKey: ["licences", "lacking", filter],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/licences/lacking", { params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** What this site lacks; null while it lacks nothing. */
export function useSiteLacking(site: number) {
  return useQuery({ queryKey: ["licences", "lacking", "site", site], queryFn: async () => (await got(api.GET("/api/v1/licences/lacking", { params: { query: { site } } }))).items[0] ?? null });
}

/** What the form offers, for a site or an enterprise with its sites; `lacking`: how many sites lack one as well, which only the list says. */
export function useLicenceForm(whose: { site?: number; organisation?: number; lacking?: true } = {}) {
  return useQuery({ queryKey: ["licences", "form", whose], queryFn: () => got(api.GET("/api/v1/licences/form", { params: { query: whose } })), placeholderData: keepPreviousData });
}

export function useSiteLicences(site: number, enabled = true) {
  return useQuery({ queryKey: ["licences", "site", site], queryFn: () => got(api.GET("/api/v1/sites/{id}/licences", { params: { path: { id: site }, query: { limit: 500 } } })), enabled });
}

export function useLicence(id: number) {
  return useQuery({ queryKey: ["licences", "one", id], queryFn: () => got(api.GET("/api/v1/licences/{id}", { params: { path: { id } } })), enabled: Number.isInteger(id) });
}

export function useLicenceTimeline(id: number) {
  return useQuery({ queryKey: ["licences", "timeline", id], queryFn: () => got(api.GET("/api/v1/licences/{id}/timeline", { params: { path: { id } } })), enabled: Number.isInteger(id) });
}

export type LicenceAct =
  | { verb: "enter"; body: S["LicenceIn"] }
  | { verb: "correct"; id: number; body: S["LicenceCorrectionIn"] }
  | { verb: "renew"; id: number; body: LicenceContent }
  | { verb: "withdraw"; id: number; body: S["LicenceWithdrawalIn"] };

export function useLicenceAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: LicenceAct): Promise<LicenceDetail> => {
      if (act.verb === "enter") return got(api.POST("/api/v1/licences", { body: act.body }));
      const params = { path: { id: act.id } };
      if (act.verb === "correct") return got(api.POST("/api/v1/licences/{id}/correct", { params, body: act.body }));
      if (act.verb === "renew") return got(api.POST("/api/v1/licences/{id}/renew", { params, body: act.body }));
      return got(api.POST("/api/v1/licences/{id}/withdraw", { params, body: act.body }));
    },
    onSuccess: () => {
      for (const key of ["licences", "duties", "findings", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export type Paper = S["Document"];
export type PaperKind = Paper["kind"];
export const paperKinds: readonly PaperKind[] = ["design", "assessment", "plan", "drawing", "certificate", "system", "contract", "other"];

export function usePapers(site: number, enabled = true) {
  return useQuery({ queryKey: ["documents", "site", site], queryFn: () => got(api.GET("/api/v1/sites/{id}/documents", { params: { path: { id: site }, query: { limit: 500 } } })), enabled });
}

/** An enterprise's own documents. */
export function useOwnPapers(organisation: number, enabled = true) {
  return useQuery({ queryKey: ["documents", "organisation", organisation], queryFn: () => got(api.GET("/api/v1/organisations/{id}/documents", { params: { path: { id: organisation }, query: { limit: 500 } } })), enabled });
}

/** The documents of all sites of an enterprise, without its own. */
export function useSitesPapers(organisation: number, enabled = true) {
  return useInfiniteQuery({
    queryKey: ["documents", "sites of", organisation],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/documents", { params: { query: { organisation, of: "site", limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    enabled,
  });
}

/** Where a version is fetched from: the browser saves it, it shows none of it. */
export function fileOf(document: number, number: number): string {
  return `/api/v1/documents/${document}/versions/${number}/file`;
}

/** Where a version that is a picture is looked at: a copy of its pixels. */
export function pictureOf(document: number, number: number): string {
  return `/api/v1/documents/${document}/versions/${number}/picture`;
}

/** Whose a document is. */
export type PaperOwner = { site: number } | { organisation: number };

export type PaperAct =
  | { verb: "add"; of: PaperOwner; file: File; kind: PaperKind; title: string; note: string; personal: boolean }
  | { verb: "version"; id: number; file: File; note: string }
  | { verb: "withdraw"; id: number; reason: string };

export function usePaperAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: PaperAct): Promise<Paper> => {
      if (act.verb === "withdraw") return got(api.POST("/api/v1/documents/{id}/withdraw", { params: { path: { id: act.id } }, body: { reason: act.reason } }));
      const form = new FormData();
      form.set("file", act.file);
      form.set("note", act.note);
      // What is sent is the form; the body only satisfies the type.
      if (act.verb === "version") return got(api.POST("/api/v1/documents/{id}/versions", { params: { path: { id: act.id } }, body: { file: "", note: act.note }, bodySerializer: () => form }));
      form.set("kind", act.kind);
      form.set("title", act.title);
      form.set("personal", String(act.personal));
      const sent = { body: { file: "", kind: act.kind, title: act.title, note: act.note, personal: act.personal }, bodySerializer: () => form };
      if ("organisation" in act.of) return got(api.POST("/api/v1/organisations/{id}/documents", { params: { path: { id: act.of.organisation } }, ...sent }));
      return got(api.POST("/api/v1/sites/{id}/documents", { params: { path: { id: act.of.site } }, ...sent }));
    },
    onSuccess: () => {
      for (const key of ["documents", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
