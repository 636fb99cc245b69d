import { t } from "i18next";
import type { GroupMember, WarningGroup } from "../../api/groups";
import type { Duty } from "../../api/types";

/** 「红 5、橙 12」 of the members not closed, as the server counts them: a storm has more members than are sent. */
export function groupCounts(group: Pick<WarningGroup, "levels">): string {
  const each = [4, 3, 2, 1].map((level) => [level, group.levels[level] ?? 0] as const).filter(([, n]) => n > 0);
  return each.map(([level, n]) => `${t(`level.${level}.word`)} ${n}`).join(t("list.comma"));
}

/** A red stands by itself, whatever it belongs to. */
export function shownAlone(member: Pick<GroupMember, "level" | "state">): boolean {
  return member.level === 4 && member.state !== "closed";
}

/** The nearest limit of my unanswered calls for the event's members. */
export function tightest(duties: readonly Duty[], group: Pick<WarningGroup, "members">): Duty["clock"] {
  const members = new Set(group.members.map((member) => member.id));
  const limits = duties.flatMap((duty) => (duty.state === "called" && duty.subject.type === "warning" && members.has(duty.subject.id) && duty.clock ? [duty.clock] : []));
  return limits.sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at))[0] ?? null;
}

/** What the event's own row on the desk already says and answers: calls for its members below red. */
export function withoutGrouped(duties: readonly Duty[], groups: readonly WarningGroup[]): Duty[] {
  const told = new Set(groups.filter((group) => group.ended_at === null && group.waiting_for_me > 0).flatMap((group) => group.members.map((member) => member.id)));
  return duties.filter((duty) => !(duty.state === "called" && duty.level < 4 && duty.kind !== "warning.withdraw" && duty.subject.type === "warning" && told.has(duty.subject.id)));
}
