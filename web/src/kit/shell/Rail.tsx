import { t } from "i18next";
import { Activity, CircleHelp, CloudLightning, Factory, Inbox, Map as MapIcon, Network, Ruler, Stamp, TriangleAlert, UsersRound, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import type { Me, Status } from "../../api/types";
import { Logo } from "./Logo";
import { askForHelp } from "./Keys";

function open(status: Status | undefined): number {
  return status ? Object.values(status.levels).reduce((sum, n) => sum + n, 0) : 0;
}

function Item(props: { to: string; icon: LucideIcon; words: string; badge?: number; inked?: boolean; away?: boolean }): ReactNode {
  const Icon = props.icon;
  return (
    <NavLink to={props.to} end={props.to === "/"} className={props.away ? "rail-item rail-away quiet" : "rail-item quiet"}>
      <Icon size={20} strokeWidth={1.6} aria-hidden />
      <span>{props.words}</span>
      {(props.badge ?? 0) > 0 && <em className={props.inked ? "rail-inked" : undefined}>{props.badge}</em>}
    </NavLink>
  );
}

/** Only rooms that exist, 复核 for those who decide there; at 390 px they stand at the bottom, but those marked `away`. */
export function Rail({ status, me }: { status: Status | undefined; me: Me }): ReactNode {
  return (
    <nav className="rail" aria-label={t("nav.label")}>
      <Link to="/" className="rail-logo quiet" aria-label={t("brand.name")}>
        <Logo size={30} />
      </Link>
      <Item to="/" icon={Inbox} words={t("nav.desk")} badge={status?.my_open_duties} inked />
      <Item to="/warnings" icon={TriangleAlert} words={t("nav.warnings")} badge={open(status)} />
      <Item to="/weather" icon={CloudLightning} words={t("nav.weather.short")} away />
      <Item to="/screen" icon={MapIcon} words={t("nav.screen")} away />
      <Item to="/sites" icon={Factory} words={t("nav.sites")} away />
      <Item to="/points" icon={Activity} words={t("nav.points")} />
      <Item to="/rules" icon={Ruler} words={t("nav.rules.short")} away />
      {me.permissions.includes("rule.edit") && <Item to="/proposals" icon={UsersRound} words={t("nav.proposals.short")} badge={status?.proposals} inked />}
      <Item to="/people" icon={Network} words={t("nav.people")} away />
      <Item to="/ledger" icon={Stamp} words={t("nav.ledger")} />
      <button type="button" className="rail-item rail-help" onClick={askForHelp}>
        <CircleHelp size={20} strokeWidth={1.6} aria-hidden />
        <span>{t("nav.help")}</span>
      </button>
    </nav>
  );
}
