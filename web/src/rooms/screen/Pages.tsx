import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useDuties, useScreenSites, useWarnings } from "../../api/queries";
import type { Duty, ScreenNow } from "../../api/types";
import { Clock } from "../../kit/Clock";
import { LevelMark } from "../../kit/LevelTag";
import { Failed, Loading } from "../../kit/States";
import { figure } from "../../time/figure";
import { useFit } from "./fit";
import { Answering, OnDuty, Row } from "./Lists";
import { townshipsOf, type Township } from "./townships";

const levels = [4, 3, 2, 1] as const;
/** More rows than stand on any wall: how many fit is measured. */
const DRAWN = 40;

/** What does not fit is counted, never dropped. */
function Rest({ n, to }: { n: number; to: string }): ReactNode {
  if (n <= 0) return null;
  return (
    <Link to={to} className="scr-more">
      {t("screen.more", { n })}
    </Link>
  );
}

/** 预警: every open danger, the worst first, in two columns. */
export function WarningsPage({ u }: { u: number }): ReactNode {
  const list = useWarnings({ state: "open", category: "risk" });
  const rows = (list.data?.pages[0]?.items ?? []).slice(0, DRAWN);
  const count = list.data?.pages[0]?.count ?? 0;
  const { place, fit } = useFit(rows.map((row) => row.id).join(), false);
  const shown = Math.min(rows.length, fit);
  return (
    <section className="scr-list scr-page" aria-label={t("screen.page.warnings")}>
      <header>
        <h2>{t("screen.open")}</h2>
        {list.data && (
          <Link to="/warnings?category=risk" className="scr-dim quiet">
            {t("screen.open.count", { n: count })}
          </Link>
        )}
      </header>
      {!list.data && (list.error ? <Failed error={list.error} what={t("what.warnings")} again={() => void list.refetch()} /> : <Loading what={t("what.warnings")} />)}
      {list.data && rows.length === 0 && <p className="scr-none">{t("screen.none")}</p>}
      {rows.length > 0 && (
        <ul className="scr-rows scr-two" ref={place}>
          {rows.map((warning, i) => (
            <Row key={warning.id} warning={warning} u={u} unseen={i >= shown} />
          ))}
        </ul>
      )}
      <Rest n={count - shown} to="/warnings?category=risk" />
    </section>
  );
}

function LateRow({ duty, u, unseen }: { duty: Duty; u: number; unseen: boolean }): ReactNode {
  return (
    <li style={unseen ? { visibility: "hidden" } : undefined}>
      <Link to={duty.subject.url} className="scr-person quiet">
        {duty.level > 0 && <LevelMark level={duty.level} size={26 * u} label="" />}
        <span className="scr-person-words">
          <b>{duty.title}</b>
          <span className="scr-under">
            {duty.organisation} {duty.post}
          </span>
        </span>
        {duty.clock && <Clock limit={duty.clock} size="screen" short />}
      </Link>
    </li>
  );
}

function Late({ u }: { u: number }): ReactNode {
  const list = useDuties("late");
  const rows = (list.data?.items ?? []).slice(0, DRAWN);
  const { place, fit } = useFit(rows.map((row) => row.id).join(), false);
  const shown = Math.min(rows.length, fit);
  return (
    <section className="scr-list" aria-label={t("screen.figure.duties_late")}>
      <header>
        <h2>{t("screen.figure.duties_late")}</h2>
        {list.data && (
          <Link to="/?view=late" className="scr-dim quiet">
            {t("screen.late.count", { n: list.data.count })}
          </Link>
        )}
      </header>
      {!list.data && (list.error ? <Failed error={list.error} what={t("what.duties")} again={() => void list.refetch()} /> : <Loading what={t("what.duties")} />)}
      {list.data && rows.length === 0 && <p className="scr-none">{t("screen.figure.duties_late.none")}</p>}
      {rows.length > 0 && (
        <ul className="scr-rows" ref={place}>
          {rows.map((duty, i) => (
            <LateRow key={duty.id} duty={duty} u={u} unseen={i >= shown} />
          ))}
        </ul>
      )}
      <Rest n={(list.data?.count ?? 0) - shown} to="/?view=late" />
    </section>
  );
}

/** 应答: who answers the worst case, who is on duty, and whose time has run out. */
export function AnswersPage({ now, u }: { now: ScreenNow; u: number }): ReactNode {
  return (
    <div className="scr-page scr-three">
      <Answering now={now} u={u} />
      <OnDuty now={now} u={u} whole />
      <Late u={u} />
    </div>
  );
}

/** 乡镇: each with its dangers, and how much of it can be seen now. The worst first, so that what does not fit is the calmest. */
export function TownshipsPage({ u }: { u: number }): ReactNode {
  const sites = useScreenSites();
  const rows = townshipsOf(sites.data?.items ?? []);
  const { place, fit } = useFit(rows.map((row) => row.id).join(), false);
  const shown = Math.min(rows.length, fit);
  return (
    <section className="scr-list scr-page" aria-label={t("screen.page.townships")}>
      <header>
        <h2>{t("screen.page.townships")}</h2>
        <span className="scr-dim">{t("screen.townships.means")}</span>
      </header>
      {!sites.data && (sites.error ? <Failed error={sites.error} what={t("what.map")} again={() => void sites.refetch()} /> : <Loading what={t("what.map")} />)}
      {sites.data && rows.length === 0 && <p className="scr-none">{t("screen.townships.none")}</p>}
      {rows.length > 0 && (
        <ul className="scr-rows" ref={place}>
          {rows.map((row, i) => (
            <li key={row.id} style={i >= shown ? { visibility: "hidden" } : undefined}>
              <TownshipRow row={row} u={u} />
            </li>
          ))}
        </ul>
      )}
      <Rest n={rows.length - shown} to="/sites" />
    </section>
  );
}

function TownshipRow({ row, u }: { row: Township; u: number }): ReactNode {
  const share = row.points > 0 ? Math.floor((1000 * row.online) / row.points) / 10 : null;
  const blind = row.points - row.online;
  const here = `territory=${row.id}`;
  return (
    <div className="scr-township">
      <Link to={`/sites?${here}`} className="quiet">
        <b>{row.name}</b>
      </Link>
      <span className="scr-counts">
        {levels.map((level) => (
          <Link key={level} to={`/sites?${here}&level=${level}`} className="quiet" aria-label={t("top.count", { level: t(`level.${level}.word`), n: row.levels[level] })}>
            <LevelMark level={level} small size={17 * u} ghost={row.levels[level] === 0} label="" /> {row.levels[level]}
          </Link>
        ))}
      </span>
      <span>
        <Link to={`/sites?${here}&watched=yes`} className="quiet">
          {t("screen.townships.watched", { n: row.watched })}
        </Link>
        {" / "}
        <Link to={`/sites?${here}`} className="quiet">
          {t("screen.townships.sites", { n: row.sites })}
        </Link>
      </span>
      <span>
        {row.silent > 0 && (
          <Link to={`/sites?${here}&state=silent`} className="quiet">
            {t("map.count.silent", { n: row.silent })}
          </Link>
        )}
      </span>
      <span className="scr-share" aria-hidden>
        {share !== null && <i style={{ width: `${share}%` }} />}
      </span>
      <span className="scr-online">
        {share === null ? (
          t("screen.townships.unwatched")
        ) : (
          <Link to={`/points?${here}&online=${blind > 0 ? "no" : "yes"}`} className="quiet">
            {t("screen.townships.online", { share: figure(share) })} {blind > 0 ? t("screen.points.blind", { n: figure(blind), of: figure(row.points) }) : t("screen.points.all", { n: figure(row.points) })}
          </Link>
        )}
      </span>
    </div>
  );
}
