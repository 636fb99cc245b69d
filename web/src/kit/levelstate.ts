import type { Warning } from "../api/types";
import type { TagState } from "./LevelTag";

type Told = Pick<Warning, "state" | "called" | "answered" | "current_level" | "unknown_now"> & { silence?: unknown };

/** Dashed: its calls are silenced. The ring: somebody called has not answered. Hollow: fallen back or closed. Unknown is never "fallen". */
export function tagState(warning: Told): TagState {
  if (warning.state === "closed") return "fallen";
  if (warning.silence) return "muted";
  if (warning.state === "calling" || warning.answered < warning.called) return "unanswered";
  return warning.current_level === 0 && !warning.unknown_now ? "fallen" : "answered";
}
