import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useGroups } from "../../api/groups";
import type { ChainRow, RosterRow, ScreenNow, Warning } from "../../api/types";
import { CallMark, endedWords } from "../../kit/ChainOfPeople";
import { nearRungs, sortChain } from "../../kit/chain";
import { Clock } from "../../kit/Clock";
import { LevelMark } from "../../kit/LevelTag";
import { SealedMark } from "../../kit/SealedMark";
import { Stops } from "../../kit/Stops";
import { tagState } from "../../kit/levelstate";
import { keepUnits } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, clockTime, moment, shortTime } from "../../time/words";
import { useFit } from "./fit";
import { useFrame } from "./frame";
import { groupCounts } from "../warnings/groupwords";
import { answeredWords, unanswered } from "../weather/words";

const levels = [4, 3, 2, 1] as const;
const ROWS = 6;
/** More people than stand on any wall: how many fit is measured. */
const PEOPLE = 24;
const STACKED = 7;
const ON_DUTY = 4;

export function Row({ warning, u, unseen }: { warning: Warning; u: number; unseen: boolean }): ReactNode {
  const now = useNow();
  return (
    <li style={unseen ? { visibility: "hidden" } : undefined}>
      <Link to={`/warnings/${warning.id}`} className="scr-row quiet" style={{ borderLeftColor: `var(--l${warning.level}-fill)` }}>
        <LevelMark level={warning.level} state={tagState(warning)} size={46 * u} />
        <span className="scr-row-words">
          <b>{keepUnits(warning.title)}</b>
          <span className="scr-row-under">
            <span className="scr-row-where">
              {warning.site.name} <SealedMark doing={warning.site.operating} size={20 * u} /> · {ago(warning.started_at, now)}
            </span>
            {warning.clock && (
              <span className="scr-row-clock">
                {t(`limit.${warning.clock.kind}`)} <Clock limit={warning.clock} size="screen" short />
              </span>
            )}
          </span>
        </span>
      </Link>
    </li>
  );
}

/** 正在发生: red first; what does not fit is counted, never dropped. */
export function Happening({ now, u }: { now: ScreenNow; u: number }): ReactNode {
  const { how } = useFrame();
  const rows = now.rows.slice(0, ROWS);
  const { place, fit } = useFit(rows.map((row) => row.id).join(), how === "stack");
  const shown = Math.min(rows.length, fit);
  const total = levels.reduce((sum, level) => sum + (now.counts[level] ?? 0), 0);
  // Told by the lines of their storms; where those are not known they are counted below with what does not fit.
  const folded = useGroups().data ? now.folded : 0;
  return (
    <section className="scr-list" aria-label={t("screen.happening")}>
      <header>
        <h2>{t("screen.happening")}</h2>
        <span className="scr-counts">
          {levels.map((level) => (
            <Link key={level} to={`/warnings?category=risk&level=${level}`} className="quiet" aria-label={t("top.count", { level: t(`level.${level}.word`), n: now.counts[level] ?? 0 })}>
              {(now.counts[level] ?? 0) > 0 ? <LevelMark level={level} small size={17 * u} label="" /> : <LevelMark level={level} small size={17 * u} ghost label="" />} {now.counts[level] ?? 0}
            </Link>
          ))}
        </span>
      </header>
      <Stops rows={now.evacuations} />
      <Storms u={u} />
      {rows.length === 0 ? (
        now.folded === 0 && <p className="scr-none">{t("screen.none")}</p>
      ) : (
        <ul className="scr-rows" ref={place}>
          {rows.map((warning, i) => (
            <Row key={warning.id} warning={warning} u={u} unseen={i >= shown} />
          ))}
        </ul>
      )}
      <WeatherRows now={now} u={u} />
      {total > shown + folded && (
        <Link to="/warnings?category=risk" className="scr-more">
          {t("screen.more", { n: total - shown - folded })}
        </Link>
      )}
    </section>
  );
}

/** 同因事件: one line each, which tells of all below red; its reds stand in the list like any other. */
function Storms({ u }: { u: number }): ReactNode {
  const now = useNow();
  const rows = (useGroups().data?.items ?? []).filter((one) => one.kind === "storm");
  const going = rows.filter((one) => one.ended_at === null);
  // What goes on is never left out: no row tells of its members.
  const shown = [...going, ...rows.filter((one) => one.ended_at !== null).slice(0, Math.max(0, 3 - going.length))];
  if (shown.length === 0) return null;
  return (
    <ul className="scr-storms" aria-label={t("group.kind.storm")}>
      {shown.map((one) => (
        <li key={one.id} className={one.ended_at === null ? undefined : "scr-dim"}>
          <Link to={`/warnings/${one.lead}`} className="quiet">
            {one.level > 0 && <LevelMark level={one.level} size={30 * u} state={one.ended_at === null ? "answered" : "fallen"} />}
            <b>{one.title}</b>
            <span>
              {one.ended_at === null
                ? `${t("group.count", { n: one.count })} · ${groupCounts(one)} · ${t("group.begun", { at: moment(one.begun_at, now) })}`
                : t("group.ended", { n: one.count, begun: moment(one.begun_at, now), ended: moment(one.ended_at, now) })}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** 气象预警: who of the townships called has not answered stands in ink. */
function WeatherRows({ now, u }: { now: ScreenNow; u: number }): ReactNode {
  if (now.weather.length === 0) return null;
  return (
    <ul className="scr-weather" aria-label={t("nav.weather")}>
      {now.weather.slice(0, 2).map((row) => (
        <li key={row.id}>
          <Link to={`/weather/${row.id}`} className="scr-row quiet" style={{ borderLeftColor: `var(--l${row.level}-fill)` }}>
            <LevelMark level={row.level} state={unanswered(row) ? "unanswered" : "answered"} size={46 * u} />
            <span className="scr-row-words">
              <b>{row.title}</b>
              <span className="scr-row-where">{row.townships_waiting.length > 0 ? <strong>{t("weather.waiting", { names: row.townships_waiting.join(t("list.comma")) })}</strong> : t("weather.source")}</span>
            </span>
            <span className="scr-row-clock">{answeredWords(row)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function PersonState({ row }: { row: ChainRow }): ReactNode {
  const now = useNow();
  if (row.state === "answered" || row.state === "done") return <span className="scr-dim">{row.answered_at ? t("screen.answered", { at: clockTime(row.answered_at) }) : t(`call.${row.state}`)}</span>;
  if (row.state === "not_yet") return <span className="scr-dim">{row.starts_at ? t("clock.from", { at: clockTime(row.starts_at) }) : t("call.not_yet")}</span>;
  const ended = endedWords(row, now);
  if (ended !== null) return <span className="scr-dim">{ended}</span>;
  if (row.due_at === null || row.state === "declined" || row.state === "nobody") return <span className="scr-dim">{t(`call.${row.state}`)}</span>;
  return <Clock limit={{ starts_at: row.called_at ?? row.starts_at, due_at: row.due_at, done_at: null, rungs: [], kind: "answer", who: row.post }} size="screen" short />;
}

/** 谁在应答: the chain of the worst case, unanswered on top. */
export function Answering({ now, u }: { now: ScreenNow; u: number }): ReactNode {
  const { how } = useFrame();
  const all = sortChain(nearRungs(now.chain));
  const rows = all.slice(0, how === "stack" ? STACKED : PEOPLE);
  const { place, fit } = useFit(rows.map((row) => `${row.duty_id}.${row.post}.${row.state}`).join(), how === "stack");
  const shown = Math.min(rows.length, fit);
  const called = now.chain.filter((row) => row.state !== "not_yet" && row.state !== "nobody");
  const answered = called.filter((row) => row.state === "answered" || row.state === "done").length;
  return (
    <section className="scr-list" aria-label={t("screen.answering")}>
      <header>
        <h2>{t("screen.answering")}</h2>
        {now.asked && (
          <Link to={`/warnings/${now.asked.id}`} className="scr-dim quiet">
            {now.asked.site} {answered}/{called.length}
          </Link>
        )}
      </header>
      {rows.length === 0 ? (
        <p className="scr-none">{t("screen.nobodyCalled")}</p>
      ) : (
        <ul className="scr-people" ref={place}>
          {rows.map((row, i) => (
            <li key={`${row.duty_id}.${row.post}.${i}`} className={`scr-person scr-person-${row.state}`} style={i >= shown ? { visibility: "hidden" } : undefined}>
              <CallMark state={row.state} size={22 * u} />
              <span className="scr-person-words">
                <b>{row.post}</b> <span>{row.organisation}</span>
              </span>
              <PersonState row={row} />
            </li>
          ))}
        </ul>
      )}
      {all.length > shown && now.asked && (
        <Link to={`/warnings/${now.asked.id}`} className="scr-more">
          {t("screen.people", { n: all.length - shown })}
        </Link>
      )}
    </section>
  );
}

function rosterMark(row: RosterRow): ChainRow["state"] {
  return row.state === "on_duty" ? "answered" : row.state === "nobody" ? "nobody" : "overdue";
}

export function OnDuty({ now, u, whole = false }: { now: ScreenNow; u: number; whole?: boolean }): ReactNode {
  const rows = now.roster.items;
  const shown = rows.slice(0, whole ? PEOPLE : ON_DUTY);
  return (
    <section className="scr-list scr-duty" aria-label={t("roster.title")}>
      <header>
        <h2>{t("roster.title")}</h2>
        {rows.length > 0 && (
          <span className="scr-dim">
            {shortTime(now.roster.shift.start)}–{shortTime(now.roster.shift.end)}
          </span>
        )}
      </header>
      {rows.length === 0 ? (
        <p className="scr-none">{t("roster.none")}</p>
      ) : (
        <ul>
          {shown.map((row) => (
            <li key={row.post_id} className="scr-person">
              <CallMark state={rosterMark(row)} size={22 * u} />
              <span className="scr-person-words">
                <b>{row.post}</b> <span>{row.organisation}</span>
              </span>
              <span className="scr-dim">{row.state === "on_duty" && row.since ? t("roster.since", { at: shortTime(row.since) }) : t(`roster.${row.state}`)}</span>
            </li>
          ))}
        </ul>
      )}
      {rows.length > shown.length && (
        <Link to="/people/roster" className="scr-more">
          {t("screen.people", { n: rows.length - shown.length })}
        </Link>
      )}
    </section>
  );
}
