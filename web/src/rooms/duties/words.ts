import { t } from "i18next";
import type { Duty } from "../../api/types";
import { limitWord } from "../../time/words";

/** What must follow the answer, in a word; null where answering is all there is to do. */
export function followWord({ kind }: Pick<Duty, "kind">): string | null {
  const follows = kind.split(".").at(-1) ?? "";
  return follows === "answer" ? null : limitWord(follows, "") || null;
}

/** Called to be ready and no more: whoever answers neither verifies nor disposes of anything. */
export const standsBy = ({ kind }: Pick<Duty, "kind">): boolean => kind === "warning.standby";

/** What one is called for: by its level where it is a warning, else by what is to be done. */
export function callTitle(duty: Pick<Duty, "kind" | "level" | "verb">): string {
  const [room = ""] = duty.kind.split(".");
  if (duty.level > 0 && standsBy(duty)) return t("answer.standby", { level: t(`level.${duty.level}.word`) });
  if (duty.level > 0 && (room === "warning" || room === "weather")) return t("answer.title", { level: t(`level.${duty.level}.word`) });
  return t("answer.titleDuty", { what: followWord(duty) ?? duty.verb });
}

/** What the button of a call says: only a danger is disposed of, and whoever stands by disposes of nothing yet. */
export function answerWord({ kind }: Pick<Duty, "kind">): string {
  if (standsBy({ kind })) return t("answer.yes.standby");
  return kind.startsWith("warning.") ? t("answer.yes") : t("act.answer");
}

/** What the running clock is of: the call until it is answered, then the work. */
export function clockWord({ clock, verb }: Pick<Duty, "clock" | "verb">): string {
  return limitWord(clock?.kind ?? "", verb);
}
