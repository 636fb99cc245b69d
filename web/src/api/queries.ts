import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { acts, type Deed, type SeenDuty, type SeenWarning } from "../outbox/acts";
import { localNow, serverNow, teach } from "../time/server";
import { api, got } from "./client";
import { asProblem } from "./problem";
import type { Duty, DutyDetail, Me, WarningDetail } from "./types";

/** Every question the face asks. First words of the keys are what live events make old. */
export interface ListFilter {
  state?: string;
  level?: number;
  site?: number;
  organisation?: number;
  q?: string;
  mine?: boolean;
  category?: "risk" | "fault";
  since?: string;
  until?: string;
  result?: "real" | "false_alarm" | "device_fault" | "unjudged";
  sort?: string;
}

const PAGE = 50;
/** A line that hangs must not hide what is kept on the device. */
const SESSION_MS = 10_000;
const ASK_MS = 10_000;

function isUnreached(error: unknown): boolean {
  const { status } = asProblem(error);
  return error !== null && (status === 0 || status >= 500);
}

export function useHello() {
  return useQuery({ queryKey: ["hello"], queryFn: () => got(api.GET("/api/v1/hello")), staleTime: Infinity });
}

export function useSession() {
  return useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      const asked = localNow();
      const me = await got(api.GET("/api/v1/session", { signal: AbortSignal.timeout(SESSION_MS) }));
      teach(me.server_time, asked, localNow());
      return me;
    },
    staleTime: 60_000,
    retry: false,
    // A wall that was switched on before the county was: it asks until somebody answers.
    refetchInterval: (query) => (query.state.data === undefined && isUnreached(query.state.error) ? ASK_MS : false),
  });
}

export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: async () => {
      const asked = localNow();
      const status = await got(api.GET("/api/v1/status"));
      teach(status.server_time, asked, localNow());
      return status;
    },
    refetchInterval: 10_000,
  });
}

export function useWarnings(filter: ListFilter) {
  return useInfiniteQuery({
    queryKey: ["warnings", "list", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/warnings", { params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

export function useWarning(id: number | null) {
  return useQuery({
    queryKey: ["warnings", "one", id],
    queryFn: () => got(api.GET("/api/v1/warnings/{id}", { params: { path: { id: id ?? 0 } } })),
    enabled: id !== null,
  });
}

export function useWarningTimeline(id: number) {
  return useQuery({
    queryKey: ["warnings", "timeline", id],
    queryFn: () => got(api.GET("/api/v1/warnings/{id}/timeline", { params: { path: { id } } })),
  });
}

export type WarningAct =
  | { verb: "verify"; body: { result: "real" | "false_alarm" | "device_fault"; reason?: string; note?: string } }
  | { verb: "dispose"; body: { note: string; withdraw?: boolean } }
  | { verb: "withdraw"; body: { note: string } }
  | { verb: "feedback" | "close" | "return" | "recall"; body: { note?: string } };

/** What the warning is after it; null where the answer does not say, and the warning is to be asked for by itself. */
export function sendWarningAct(id: number, act: WarningAct): Promise<WarningDetail | null> {
  const params = { path: { id } };
  switch (act.verb) {
    case "verify":
      return got(api.POST("/api/v1/warnings/{id}/verify", { params, body: act.body }));
    case "withdraw":
      return got(api.POST("/api/v1/warnings/{id}/withdraw", { params, body: act.body })).then(() => null);
    case "dispose":
      return got(api.POST("/api/v1/warnings/{id}/dispose", { params, body: act.body }));
    default:
      return got(api.POST(`/api/v1/warnings/{id}/${act.verb}`, { params, body: act.body }));
  }
}

/** What may be held; null for what may not, and for what nobody says they saw: the county could not check it. */
function deedOf(act: WarningAct, seen: SeenWarning | undefined): Deed | null {
  if (seen === undefined) return null;
  if (act.verb === "verify") return { verb: "warning.verify", body: { reason: "", note: "", ...act.body }, seen };
  if (act.verb === "dispose") return { verb: "warning.dispose", body: { withdraw: false, ...act.body }, seen };
  if (act.verb === "feedback") return { verb: "warning.feedback", body: { note: act.body.note ?? "" }, seen };
  return null;
}

/** What is shown has changed at the county: shown anew, so that whoever was refused sees why. */
function lookAgain(client: QueryClient, error: unknown): void {
  if (asProblem(error).status !== 409) return;
  for (const key of ["warnings", "duties", "status"]) void client.invalidateQueries({ queryKey: [key] });
}

export function useWarningAct(id: number) {
  const client = useQueryClient();
  return useMutation({
    // Without a line what was seen and done is held on the device (null), and sent later; other acts fail and say so.
    mutationFn: ({ seen, ...act }: WarningAct & { seen?: SeenWarning }) => {
      const deed = deedOf(act, seen);
      const me = client.getQueryData<Me>(["session"])?.user.id;
      if (deed === null || me === undefined) return sendWarningAct(id, act);
      const about = client.getQueryData<WarningDetail>(["warnings", "one", id])?.number ?? "";
      return acts.add(me, id, about, deed) as Promise<WarningDetail | null>;
    },
    onSuccess: (detail) => {
      if (detail !== null) client.setQueryData(["warnings", "one", id], detail);
      for (const key of ["warnings", "duties", "status"]) void client.invalidateQueries({ queryKey: [key] });
    },
    onError: (error) => lookAgain(client, error),
  });
}

export type View = "mine" | "called" | "org" | "done" | "today" | "late";

/** The question for the duties of a view. */
export const duties = (view: View) => ({
  queryKey: ["duties", "list", view],
  queryFn: () => got(api.GET("/api/v1/duties", { params: { query: { view, limit: 200 } } })),
});

export function useDuties(view: View) {
  return useQuery({ ...duties(view), placeholderData: keepPreviousData });
}

export function useDuty(id: number) {
  return useQuery({
    queryKey: ["duties", "one", id],
    queryFn: () => got(api.GET("/api/v1/duties/{id}", { params: { path: { id } } })),
  });
}

interface DutyPage {
  items: Duty[];
  count: number;
}

const OVER: readonly Duty["state"][] = ["done", "verified", "cancelled"];
const OPEN_ONLY: readonly string[] = ["mine", "called", "org", "late"];

/** A list of duties after an act on one: what is over stands at once in no list of open ones. Pure. */
export function relisted(page: DutyPage, view: string, detail: DutyDetail): DutyPage {
  const over = OVER.includes(detail.state) && OPEN_ONLY.includes(view);
  const items = over ? page.items.filter((duty) => duty.id !== detail.id) : page.items.map((duty) => (duty.id === detail.id ? { ...duty, ...detail } : duty));
  return { ...page, items, count: page.count - (page.items.length - items.length) };
}

export type DutyVerb = "answer" | "decline" | "done" | "verify" | "return" | "recall";

function titleOf(client: QueryClient, id: number): string {
  const lists = client.getQueriesData<DutyPage>({ queryKey: ["duties", "list"] });
  return client.getQueryData<DutyDetail>(["duties", "one", id])?.title ?? lists.flatMap(([, page]) => page?.items ?? []).find((duty) => duty.id === id)?.title ?? "";
}

export function useDutyAct() {
  const client = useQueryClient();
  return useMutation({
    // Without a line what may wait is held on the device (null), and sent later. Calling others may not: it fails.
    mutationFn: ({ id, verb, note, seen }: { id: number; verb: DutyVerb; note: string; seen?: SeenDuty }) => {
      const me = client.getQueryData<Me>(["session"])?.user.id;
      if (me === undefined || seen === undefined || (verb !== "answer" && verb !== "done" && verb !== "verify")) return got(api.POST(`/api/v1/duties/{id}/${verb}`, { params: { path: { id } }, body: { note } }));
      return acts.add(me, id, titleOf(client, id), { verb: `duty.${verb}`, body: { note }, seen }) as Promise<DutyDetail | null>;
    },
    onSuccess: (detail) => {
      if (detail === null) return;
      // What was recorded stands in every list at once; where it belongs now, the lists are asked.
      client.setQueryData(["duties", "one", detail.id], detail);
      for (const [key, page] of client.getQueriesData<DutyPage>({ queryKey: ["duties", "list"] })) if (page) client.setQueryData(key, relisted(page, String(key[2]), detail));
      for (const key of ["duties", "warnings", "orders", "status"]) void client.invalidateQueries({ queryKey: [key] });
    },
    onError: (error) => lookAgain(client, error),
  });
}

export function useRoster() {
  return useQuery({ queryKey: ["roster"], queryFn: () => got(api.GET("/api/v1/roster/today")), refetchInterval: 60_000 });
}

/** Taking over my shift, or handing it over. */
export function useShift() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (way: "sign-in" | "sign-out") => got(api.POST(`/api/v1/roster/${way}`)),
    onSettled: () => {
      for (const key of ["roster", "duties", "status"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export interface PointFilter {
  q?: string;
  site?: number;
  organisation?: number;
  territory?: number;
  online?: boolean;
  care?: boolean;
}

export function usePoints(filter: PointFilter) {
  return useInfiniteQuery({
    queryKey: ["points", "list", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/points", { params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
}

export function usePoint(id: number) {
  return useQuery({
    queryKey: ["points", "one", id],
    queryFn: () => got(api.GET("/api/v1/points/{id}", { params: { path: { id } } })),
    refetchInterval: 10_000,
  });
}

/** Seconds between the readings of a curve over so many hours: about 700 steps, as many as it has pixels. */
function stepOf(hours: number): number {
  return (hours * 3600) / 700;
}

/** How far apart the readings of such a curve lie, ms: its gaps are told by this. `every`: the point's interval, s. */
export function spacingOf(hours: number, every: number): number {
  return Math.max(every, stepOf(hours) * 1.5) * 1000;
}

/** Readings over the last `hours`, thinned by the store so that a curve has about 700 steps. */
export function useReadings(point: number | null, hours: number, until: string | null, every: number) {
  return useQuery({
    queryKey: ["readings", point, hours, until],
    queryFn: async () => {
      const end = until === null ? serverNow() : Date.parse(until);
      const start = end - hours * 3_600_000;
      const step = Math.max(1, Math.round(stepOf(hours)));
      const thin = step > every ? { step } : {};
      const query = { point: point ?? 0, start: new Date(start).toISOString(), end: new Date(end).toISOString(), limit: 20_000, ...thin };
      const page = await got(api.GET("/api/v1/readings", { params: { query } }));
      return { ...page, start, end };
    },
    enabled: point !== null,
    placeholderData: (before, query) => (query?.queryKey[1] === point ? before : undefined),
    refetchInterval: until === null ? 15_000 : false,
  });
}

export function useLedger(filter: { q?: string; subject?: string; since?: string; until?: string }) {
  return useInfiniteQuery({
    queryKey: ["ledger", "list", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/ledger", { params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

export function useLooks(filter: { q?: string; since?: string; until?: string }) {
  return useInfiniteQuery({
    queryKey: ["ledger", "looks", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/ledger/looks", { params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

export function useLedgerHead() {
  return useQuery({ queryKey: ["ledger", "head"], queryFn: () => got(api.GET("/api/v1/ledger/head")), refetchInterval: 10_000 });
}

export function askProof(id: number) {
  return got(api.GET("/api/v1/ledger/{id}/proof", { params: { path: { id } } }));
}

export function useProposals() {
  return useQuery({
    queryKey: ["proposals"],
    queryFn: () => got(api.GET("/api/v1/proposals", { params: { query: { limit: 100 } } })),
    refetchInterval: 30_000,
  });
}

export type ProposalAct = { id: number; verb: "agree" } | { id: number; verb: "take-up" | "reject"; reason: string };

export function useProposalAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: ProposalAct) => {
      const params = { path: { id: act.id } };
      if (act.verb === "agree") return got(api.POST("/api/v1/proposals/{id}/agree", { params }));
      return got(api.POST(`/api/v1/proposals/{id}/${act.verb}`, { params, body: { reason: act.reason } }));
    },
    onSuccess: () => {
      for (const key of ["proposals", "points", "status", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export interface SiteFilter {
  q?: string;
  organisation?: number;
  watched?: boolean;
  placed?: boolean;
  lacking?: boolean;
  stopped?: boolean;
  closed?: boolean;
  state?: "raised" | "normal" | "silent" | "unwatched";
  level?: number;
  territory?: number;
  care?: boolean;
}

export function useSites(filter: SiteFilter) {
  return useInfiniteQuery({
    queryKey: ["sites", "list", filter],
    queryFn: ({ pageParam }) =>
      got(api.GET("/api/v1/sites", { params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
}

/** How many sites there are of these, whatever of them is shown. */
export function useSiteCount(filter: SiteFilter) {
  return useQuery({ queryKey: ["sites", "count", filter], queryFn: async () => (await got(api.GET("/api/v1/sites", { params: { query: { ...filter, limit: 1 } } }))).count });
}

/** Whether the asker sees any site at all; asked only where that matters. */
export function useAnySite(enabled: boolean) {
  return useQuery({
    queryKey: ["sites", "any"],
    queryFn: async () => (await got(api.GET("/api/v1/sites", { params: { query: { limit: 1 } } }))).items.length > 0,
    enabled,
  });
}

export function useSite(id: number) {
  return useQuery({
    queryKey: ["sites", "one", id],
    queryFn: () => got(api.GET("/api/v1/sites/{id}", { params: { path: { id } } })),
    enabled: Number.isInteger(id) && id > 0,
  });
}

export function useResponsible(site: number) {
  return useQuery({
    queryKey: ["sites", "responsible", site],
    queryFn: () => got(api.GET("/api/v1/sites/{id}/responsible", { params: { path: { id: site } } })),
    refetchInterval: 60_000,
  });
}

export function useSiteRules(site: number) {
  return useQuery({
    queryKey: ["sites", "rules", site],
    queryFn: () => got(api.GET("/api/v1/rules", { params: { query: { site, limit: 500 } } })),
  });
}

export function usePlaceAct(site: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { longitude: number; latitude: number; crs: "wgs84" | "gcj02" }) =>
      got(api.PUT("/api/v1/sites/{id}/place", { params: { path: { id: site } }, body })),
    onSuccess: (detail) => {
      client.setQueryData(["sites", "one", site], detail);
      for (const key of ["sites", "screen"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

/** The county's outlines hardly ever change; an import tells of itself. */
export function useCountyMap() {
  return useQuery({ queryKey: ["map"], queryFn: () => got(api.GET("/api/v1/screen/map")), staleTime: Infinity });
}

export function useScreenSites() {
  return useQuery({ queryKey: ["screen", "sites"], queryFn: () => got(api.GET("/api/v1/screen/sites")), refetchInterval: 30_000 });
}

export function useScreenNow() {
  return useQuery({ queryKey: ["screen", "now"], queryFn: () => got(api.GET("/api/v1/screen/now")), refetchInterval: 10_000 });
}

/** The thirty days change by one warning at a time: asked each minute while it is looked at. */
export function useScreenTrend() {
  return useQuery({ queryKey: ["screen", "trend"], queryFn: () => got(api.GET("/api/v1/screen/trend")), staleTime: 30_000, refetchInterval: 60_000 });
}

export function useAcknowledge() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (warnings: number[]) => got(api.POST("/api/v1/screen/acknowledge", { body: { warnings } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["screen"] }),
  });
}
