import { t } from "i18next";
import { Activity, CloudLightning, Factory, Inbox, Map as MapIcon, Network, Ruler, RadioTower, Send, Stamp, TriangleAlert, UsersRound, Wrench, type LucideIcon } from "lucide-react";
import type { Me, Status } from "../../api/types";

export interface Room {
  to: string;
  icon: LucideIcon;
  words: string;
  badge?: number;
  inked?: boolean;
  /** On a phone it stands behind 更多, not in the bar. */
  away?: boolean;
}

type Rights = Pick<Me, "permissions">;

/** Where one begins. Who is never called has no desk: an auditor begins at the ledger, an administrator at what is wrong with the posts. */
export function homeOf({ permissions }: Rights): "/" | "/people" | "/ledger" {
  if (permissions.includes("duty.act")) return "/";
  return permissions.includes("user.manage") ? "/people" : "/ledger";
}

function open(status: Status | undefined): number {
  return status ? Object.values(status.levels).reduce((sum, n) => sum + n, 0) : 0;
}

/**
 * One's home first, then only rooms that exist and that this role may enter; 复核 for those who decide there.
 *
 * Who is called in from outside and keeps no place of their own (a rescue team) sees no rules: none watch for them.
 */
export function roomsOf(status: Status | undefined, me: Rights): Room[] {
  const may = (right: string): boolean => me.permissions.includes(right);
  const decides = ["rule.edit", "site.state", "weather.enter", "channel.agree"].some(may);
  const home = homeOf(me);
  const all: Room[] = [
    ...(home === "/" ? [{ to: "/", icon: Inbox, words: t("nav.desk"), badge: status?.my_open_duties, inked: true }] : []),
    { to: "/warnings", icon: TriangleAlert, words: t("nav.warnings"), badge: open(status) },
    { to: "/weather", icon: CloudLightning, words: t("nav.weather.short"), away: true },
    ...(may("screen.read") ? [{ to: "/screen", icon: MapIcon, words: t("nav.screen"), away: true }] : []),
    { to: "/sites", icon: Factory, words: t("nav.sites"), away: true },
    { to: "/points", icon: Activity, words: t("nav.points") },
    ...(may("licence.read") ? [{ to: "/rules", icon: Ruler, words: t("nav.rules.short"), away: true }] : []),
    ...(decides ? [{ to: "/proposals", icon: UsersRound, words: t("nav.proposals.short"), badge: status?.proposals, inked: true, away: true }] : []),
    { to: "/people", icon: Network, words: t("nav.people"), away: home !== "/people" },
    ...(may("report.read") ? [{ to: "/reports", icon: Send, words: t("nav.reports"), away: true }] : []),
    ...(may("channel.read") ? [{ to: "/channels", icon: RadioTower, words: t("nav.channels"), away: true }] : []),
    { to: "/ledger", icon: Stamp, words: t("nav.ledger"), away: home !== "/ledger" },
    ...(may("health.read") ? [{ to: "/admin", icon: Wrench, words: t("nav.admin"), away: true }] : []),
  ];
  return [...all.filter((room) => room.to === home), ...all.filter((room) => room.to !== home)];
}
