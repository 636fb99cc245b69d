import { Drawer } from "antd";
import { t } from "i18next";
import { Activity, CircleHelp, CloudLightning, Ellipsis, Factory, Inbox, Map as MapIcon, Network, Ruler, RadioTower, Send, Stamp, TriangleAlert, UsersRound, Wrench, type LucideIcon } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { Link, NavLink, useLocation } from "react-router";
import type { Me, Status } from "../../api/types";
import { Logo } from "./Logo";

function open(status: Status | undefined): number {
  return status ? Object.values(status.levels).reduce((sum, n) => sum + n, 0) : 0;
}

interface Room {
  to: string;
  icon: LucideIcon;
  words: string;
  badge?: number;
  inked?: boolean;
  /** On a phone it stands behind 更多, not in the bar. */
  away?: boolean;
}

function Item(props: Room): ReactNode {
  const Icon = props.icon;
  return (
    <NavLink to={props.to} end={props.to === "/"} className={props.away ? "rail-item rail-away quiet" : "rail-item quiet"}>
      <Icon size={20} strokeWidth={1.6} aria-hidden />
      <span>{props.words}</span>
      {(props.badge ?? 0) > 0 && <em className={props.inked ? "rail-inked" : undefined}>{props.badge}</em>}
    </NavLink>
  );
}

/** Only rooms that exist and that this role may enter; 复核 for those who decide there. */
function rooms(status: Status | undefined, me: Me): Room[] {
  const decides = ["rule.edit", "site.state", "weather.enter", "channel.agree"].some((right) => me.permissions.includes(right));
  const may = (right: string): boolean => me.permissions.includes(right);
  return [
    { to: "/", icon: Inbox, words: t("nav.desk"), badge: status?.my_open_duties, inked: true },
    { to: "/warnings", icon: TriangleAlert, words: t("nav.warnings"), badge: open(status) },
    { to: "/weather", icon: CloudLightning, words: t("nav.weather.short"), away: true },
    ...(may("screen.read") ? [{ to: "/screen", icon: MapIcon, words: t("nav.screen"), away: true }] : []),
    { to: "/sites", icon: Factory, words: t("nav.sites"), away: true },
    { to: "/points", icon: Activity, words: t("nav.points") },
    { to: "/rules", icon: Ruler, words: t("nav.rules.short"), away: true },
    ...(decides ? [{ to: "/proposals", icon: UsersRound, words: t("nav.proposals.short"), badge: status?.proposals, inked: true, away: true }] : []),
    { to: "/people", icon: Network, words: t("nav.people"), away: true },
    ...(me.permissions.includes("report.read") ? [{ to: "/reports", icon: Send, words: t("nav.reports"), away: true }] : []),
    ...(me.permissions.includes("channel.read") ? [{ to: "/channels", icon: RadioTower, words: t("nav.channels"), away: true }] : []),
    { to: "/ledger", icon: Stamp, words: t("nav.ledger"), away: true },
    ...(may("health.read") ? [{ to: "/admin", icon: Wrench, words: t("nav.admin"), away: true }] : []),
  ];
}

/** The rail beside the page; at 390 px a bar of four below it, with the other rooms one press away behind 更多. */
export function Rail({ status, me }: { status: Status | undefined; me: Me }): ReactNode {
  const all = rooms(status, me);
  const [more, setMore] = useState(false);
  const { pathname } = useLocation();
  const away = all.filter((room) => room.away);
  const waiting = away.reduce((sum, room) => sum + (room.inked ? (room.badge ?? 0) : 0), 0);
  useEffect(() => setMore(false), [pathname]);
  return (
    <nav className="rail" aria-label={t("nav.label")}>
      <Link to="/" className="rail-logo quiet" aria-label={t("brand.name")}>
        <Logo size={30} />
      </Link>
      {all.map((room) => (
        <Item key={room.to} {...room} />
      ))}
      <button
        type="button"
        className={away.some((room) => pathname.startsWith(room.to)) ? "rail-item rail-more active" : "rail-item rail-more"}
        aria-expanded={more}
        onClick={() => setMore(true)}
      >
        <Ellipsis size={20} strokeWidth={1.6} aria-hidden />
        <span>{t("nav.more")}</span>
        {waiting > 0 && <em className="rail-inked">{waiting}</em>}
      </button>
      <NavLink to="/help" className="rail-item rail-help quiet">
        <CircleHelp size={20} strokeWidth={1.6} aria-hidden />
        <span>{t("nav.help")}</span>
      </NavLink>
      <Drawer open={more} onClose={() => setMore(false)} placement="bottom" height="auto" title={t("nav.more")} rootClassName="rail-drawer">
        <div className="rail-rooms">
          {[...away, { to: "/help", icon: CircleHelp, words: t("nav.help") }].map((room) => (
            <Item key={room.to} {...room} away={false} />
          ))}
        </div>
      </Drawer>
    </nav>
  );
}
