import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, got } from "./client";
import { asProblem } from "./problem";
import type { components } from "./schema";

type S = components["schemas"];
export type WarningGroup = S["WarningGroup"];
export type GroupMember = S["GroupMember"];

/** Events of one cause that go on or ended lately, the worst first. */
export function useGroups() {
  return useQuery({
    queryKey: ["warnings", "groups"],
    queryFn: () => got(api.GET("/api/v1/warning-groups")),
    refetchInterval: 30_000,
  });
}

export type GroupAct = { verb: "answer"; group: number } | { verb: "split"; warning: number; reason: string } | { verb: "merge"; lead: number; follower: number; reason: string };

/**
 * Hundreds take longer than one request may: it says how many are left, and is asked to go on.
 *
 * Others answer and end calls meanwhile: that none is left after the first round (409) is the end, and no failure.
 */
export async function inRounds(ask: () => Promise<{ left: number }>): Promise<void> {
  let { left } = await ask();
  while (left > 0) {
    try {
      ({ left } = await ask());
    } catch (error) {
      if (asProblem(error).status === 409) return;
      throw error;
    }
  }
}

function answerAll(group: number): Promise<void> {
  return inRounds(() => got(api.POST("/api/v1/warning-groups/{id}/answer", { params: { path: { id: group } }, body: { note: "" } })));
}

export function useGroupAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (act: GroupAct): Promise<void> => {
      if (act.verb === "answer") await answerAll(act.group);
      else if (act.verb === "split") await got(api.POST("/api/v1/warnings/{id}/split", { params: { path: { id: act.warning } }, body: { reason: act.reason } }));
      else await got(api.POST("/api/v1/warnings/{id}/merge", { params: { path: { id: act.lead } }, body: { followers: [act.follower], reason: act.reason } }));
    },
    onSettled: () => {
      for (const key of ["warnings", "duties", "status", "screen", "ledger"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
