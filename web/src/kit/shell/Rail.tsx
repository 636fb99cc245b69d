import { Drawer } from "antd";
import { t } from "i18next";
import { CircleHelp, Ellipsis } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { Link, NavLink, useLocation } from "react-router";
import type { Me, Status } from "../../api/types";
import { Logo } from "./Logo";
import { roomsOf, type Room } from "./rooms";

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

/** The rail beside the page; at 390 px a bar of four below it, with the other rooms one press away behind 更多. */
export function Rail({ status, me }: { status: Status | undefined; me: Me }): ReactNode {
  const all = roomsOf(status, me);
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
