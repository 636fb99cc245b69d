import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useGroupAct, useGroups, type GroupMember, type WarningGroup } from "../../api/groups";
import { useSession } from "../../api/queries";
import type { Duty } from "../../api/types";
import { ClockWithBar } from "../../kit/Clock";
import { LevelMark, type TagState } from "../../kit/LevelTag";
import { NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { SplitDialog } from "./SplitDialog";
import { groupCounts, shownAlone, tightest } from "./groupwords";
import "./groups.css";

export function memberState(member: GroupMember): TagState {
  if (member.state === "calling") return "unanswered";
  return member.current_level === 0 || member.state === "closed" ? "fallen" : "answered";
}

export function MemberLine({ member, split }: { member: GroupMember; split: (() => void) | null }): ReactNode {
  return (
    <li className={member.state === "closed" ? "group-closed" : undefined}>
      <LevelMark level={member.level} state={memberState(member)} size={22} />
      <Link to={`/warnings/${member.id}`} className="quiet group-what">
        <b>{member.title}</b>
        <span>
          {member.site} · {member.number} · {t(`warning.state.${member.state}`)}
        </span>
      </Link>
      {split !== null && member.state !== "closed" && (
        <button type="button" className="linkish" onClick={split} aria-label={t("group.split.of", { number: member.number })}>
          {t("group.split")}
        </button>
      )}
    </li>
  );
}

/** One event: what, how many of which level, since when; every red on a line of its own; the rest on demand. */
function Event({ group, duties }: { group: WarningGroup; duties: readonly Duty[] | null }): ReactNode {
  const now = useNow();
  const act = useGroupAct();
  const may = useSession().data?.permissions ?? [];
  const [open, setOpen] = useState(false);
  const [splitting, setSplitting] = useState<GroupMember | null>(null);
  // On the desk a red has a row of its own below.
  const shown = open ? group.members : duties === null ? group.members.filter(shownAlone) : [];
  const limit = duties && tightest(duties, group);
  const split = (member: GroupMember): (() => void) | null => (may.includes("warning.merge") ? () => setSplitting(member) : null);
  return (
    <section className="panel group" aria-label={group.title} style={group.level > 0 ? { boxShadow: `inset 3px 0 var(--l${group.level}-fill)` } : undefined}>
      <header>
        <LevelMark level={group.level} state={group.waiting_for_me > 0 ? "unanswered" : "answered"} size={32} />
        <div className="group-what">
          <h2>{group.title}</h2>
          <span>
            {t(`group.kind.${group.kind}`)} · {t("group.count", { n: group.count })} · {groupCounts(group)} · {t("group.begun", { at: moment(group.begun_at, now) })}
          </span>
        </div>
        {limit && (
          <span className="group-clock">
            <ClockWithBar limit={limit} />
          </span>
        )}
        <button type="button" className="linkish" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("group.less") : t("group.all", { n: group.count })}
        </button>
        {group.waiting_for_me > 0 && (
          <Button loading={act.isPending} onClick={() => act.mutate({ verb: "answer", group: group.id })}>
            {t("group.answer", { n: group.waiting_for_me })}
          </Button>
        )}
      </header>
      <NotSaved error={act.error} />
      {shown.length > 0 && (
        <ul aria-label={t("group.members")}>
          {shown.map((member) => (
            <MemberLine key={member.id} member={member} split={open ? split(member) : null} />
          ))}
          {open && group.count > group.members.length && <li className="second">{t("group.rest", { n: group.count - group.members.length })}</li>}
        </ul>
      )}
      {splitting && <SplitDialog warning={splitting} close={() => setSplitting(null)} />}
    </section>
  );
}

/** 同因事件: what goes on as panels, what has just ended in one grey line each. `duties`: mine, on the desk. */
export function Groups({ duties = null }: { duties?: readonly Duty[] | null }): ReactNode {
  const now = useNow();
  const told = useGroups().data;
  const rows = told?.items ?? [];
  if (!told || rows.length === 0) return null;
  return (
    <div className="groups">
      {rows.map((group) =>
        group.ended_at === null ? (
          <Event key={group.id} group={group} duties={duties} />
        ) : (
          <p key={group.id} className="group-over">
            {t("group.over", { title: group.title, n: group.count, begun: moment(group.begun_at, now), ended: moment(group.ended_at, now) })}
          </p>
        ),
      )}
      {told.count > rows.length && <p className="group-over">{t("group.rest", { n: told.count - rows.length })}</p>}
    </div>
  );
}
