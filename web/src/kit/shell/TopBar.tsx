import { Dropdown, type MenuProps } from "antd";
import { t } from "i18next";
import { UserRound } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import type { Me, Status } from "../../api/types";
import { chooseTone, useToneChoice, type Choice } from "../../appearance";
import { speak, tongue, type Tongue } from "../../i18n";
import { useLine } from "../../live/connect";
import { useNow } from "../../time/server";
import { clockTime } from "../../time/words";
import { LevelMark } from "../LevelTag";
import { CrumbTrail } from "./crumb";
import { askForHelp } from "./Keys";
import { Leave } from "./Leave";
import { Logo } from "./Logo";
import { Search } from "./Search";

function Counts({ status }: { status: Status | undefined }): ReactNode {
  if (!status) return <div className="counts" />;
  return (
    <nav className="counts" aria-label={t("top.counts")}>
      {([4, 3, 2, 1] as const).map((level) => {
        const n = status.levels[level] ?? 0;
        const waiting = (status.unanswered[level] ?? 0) > 0;
        const words = t("top.count", { level: t(`level.${level}.word`), n });
        return (
          <Link key={level} to={`/warnings?level=${level}`} className={`count quiet${n === 0 ? " count-none" : ""}`} aria-label={words}>
            {n === 0 ? <LevelMark level={level} size={16} ghost label="" /> : <LevelMark level={level} size={waiting ? 25 : 16} state={waiting ? "unanswered" : "answered"} bare label="" />}
            <b>{n}</b>
          </Link>
        );
      })}
    </nav>
  );
}

function LiveDot(): ReactNode {
  const now = useNow();
  const { state } = useLine();
  return (
    <span className={state === "live" ? "live" : `live live-${state}`}>
      <i aria-hidden />
      <span className="live-word">{t(`top.${state}`)}</span> <span className="live-time">{clockTime(now)}</span>
    </span>
  );
}

export function TopBar({ me, status }: { me: Me; status: Status | undefined }): ReactNode {
  const choice = useToneChoice();
  const navigate = useNavigate();
  const [leaving, setLeaving] = useState(false);
  const tones: Choice[] = ["system", "light", "dark"];
  const tongues: Tongue[] = ["zh", "en"];
  const items: MenuProps["items"] = [
    { key: "who", type: "group", label: `${me.user.display} \u00b7 ${t(`role.${me.user.role}`)}` },
    { key: "tones", type: "group", label: t("menu.tone"), children: tones.map((tone) => ({ key: `tone.${tone}`, label: t(`menu.tone.${tone}`) })) },
    { key: "tongues", type: "group", label: t("menu.tongue"), children: tongues.map((one) => ({ key: `tongue.${one}`, label: t(`menu.tongue.${one}`) })) },
    { type: "divider" },
    { key: "mine", label: t("mine.title") },
    { key: "guide", label: t("help.mine") },
    { key: "help", label: t("keys.title") },
    { key: "leave", label: t("act.leave") },
  ];
  const pick: MenuProps["onClick"] = ({ key }) => {
    if (key === "leave") setLeaving(true);
    else if (key === "mine") void navigate("/mine");
    else if (key === "guide") void navigate("/help");
    else if (key === "help") askForHelp();
    else if (key.startsWith("tone.")) chooseTone(key.slice(5) as Choice);
    else if (key.startsWith("tongue.")) void speak(key.slice(7) as Tongue);
  };
  const post = me.post ? `${me.post.organisation}${me.post.title}` : me.user.display;
  return (
    <header className="topbar">
      <Link to="/" className="topbar-logo quiet" aria-label={t("brand.name")}>
        <Logo size={24} />
      </Link>
      <CrumbTrail />
      <Search />
      <Counts status={status} />
      <LiveDot />
      <Dropdown menu={{ items, onClick: pick, selectable: true, selectedKeys: [`tone.${choice}`, `tongue.${tongue()}`] }} trigger={["click"]} placement="bottomRight">
        <button type="button" className="mypost" aria-label={t("top.me", { post })}>
          <UserRound size={18} strokeWidth={1.6} aria-hidden />
          <span>{post}</span>
        </button>
      </Dropdown>
      {leaving && <Leave user={me.user.id} stay={() => setLeaving(false)} />}
    </header>
  );
}
