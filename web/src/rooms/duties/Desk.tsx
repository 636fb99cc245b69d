import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useEvacuations } from "../../api/evacuations";
import { useGroups } from "../../api/groups";
import { useDuties, usePoints, useStatus, type View } from "../../api/queries";
import type { Duty, Me } from "../../api/types";
import { Exchange } from "../../kit/import/Exchange";
import { Stops } from "../../kit/Stops";
import { Clauses } from "../../kit/Clauses";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { clockState } from "../../time/limit";
import { HeldActs } from "../../outbox/HeldActs";
import { useNow } from "../../time/server";
import { spanWords } from "../../time/words";
import { Groups } from "../warnings/Groups";
import { withoutGrouped } from "../warnings/groupwords";
import { Afoot } from "./Afoot";
import { DeskSide } from "./DeskSide";
import { DutyRow } from "./DutyRow";
import { Places } from "./Places";
import { briefTitle, groupDuties, mostUrgent } from "./order";
import { useWalk } from "./walk";
import "./desk.css";

const views: View[] = ["mine", "called", "org", "done"];
/** Lists behind figures of the command screen: a tab only while one is looked at. */
const opened: View[] = ["today", "late"];

/** What matters now, in words, before any row. */
function Sentence({ duties, whole }: { duties: readonly Duty[]; whole: boolean }): ReactNode {
  const now = useNow();
  const status = useStatus().data;
  const first = mostUrgent(duties);
  const late = duties.filter((duty) => duty.clock && clockState(duty.clock, now) === "over").length;
  const nowCount = duties.filter((duty) => duty.group === "now").length;
  if (!first?.clock) {
    const worst = [4, 3, 2, 1].find((level) => (status?.levels[level] ?? 0) > 0);
    const where = whole ? "county" : "scope"; // who sees a part must not be told that the whole is quiet
    const open = { level: t(`level.${worst ?? 0}.word`), n: status?.levels[worst ?? 0] ?? 0 };
    const grave = worst !== undefined && worst >= 3 && duties.length === 0;
    const around = status === undefined ? "" : worst === undefined ? t(`desk.${where}.quiet`) : t(`desk.${where}.open`, open);
    return (
      <div className="desk-sentence">
        <h1>
          <Clauses text={grave ? t("desk.sentence.notMe", open) : duties.length === 0 ? t("desk.sentence.none") : t("desk.sentence.calm", { n: duties.length })} />
        </h1>
        <p>{grave ? t("desk.sentence.none") : around}</p>
      </div>
    );
  }
  const due = Date.parse(first.clock.due_at);
  const left = due - now;
  const say = (title: string): string => {
    const what = t("desk.what", { verb: first.verb, title });
    return left > 0 ? t("desk.sentence.left", { length: spanWords(left), what }) : t("desk.sentence.over", { length: spanWords(-left), what });
  };
  const brief = briefTitle(first, first.level > 0 ? t("desk.brief", { level: t(`level.${first.level}.word`) }) : "");
  return (
    <div className="desk-sentence">
      <h1>
        <span className="only-desk">
          <Clauses text={say(first.title)} />
        </span>
        <span className="only-phone">
          <Clauses text={say(brief)} />
        </span>
      </h1>
      <p>{late > 0 ? t("desk.line.late", { n: duties.length, now: nowCount, late }) : t("desk.line", { n: duties.length, now: nowCount })}</p>
    </div>
  );
}

/** Nothing to do is not nothing watched: what is watched, and where to look meanwhile. */
function Quiet({ view, county }: { view: View; county: string }): ReactNode {
  const points = usePoints({}).data?.pages[0]?.count;
  const watching = useStatus().data?.watching.ok === true;
  return (
    <Empty
      title={view === "mine" && watching && points ? t("desk.watching", { n: points }) : t(`desk.empty.${view}`)}
      action={
        <p className="state-ways">
          <Link to="/warnings">{t("desk.empty.go")}</Link>
          <Link to="/points">{t("desk.empty.points")}</Link>
        </p>
      }
    >
      {t("desk.empty.words", { county })}
    </Empty>
  );
}

function Rows({ view, duties, told, county }: { view: View; duties: readonly Duty[]; told: number; county: string }): ReactNode {
  const rows = useWalk<HTMLDivElement>(".duty", ".duty-verb, .duty-words");
  const around = Object.values(useStatus().data?.levels ?? {}).some((n) => n > 0);
  // The event above says it all.
  if (duties.length === 0 && told > 0) return null;
  // The sentence says that there is nothing to do, and what is dangerous around stands below.
  if (duties.length === 0 && view === "mine" && around) return null;
  if (duties.length === 0) {
    return (
      <div className="panel">
        <Quiet view={view} county={county} />
      </div>
    );
  }
  let first = view === "mine";
  // What is done has no order of urgency: the server's, latest first.
  const grouped = view === "done" ? [{ group: "done" as const, items: [...duties] }] : groupDuties(duties);
  return (
    <div className="panel desk-rows" ref={rows}>
      {grouped.map(({ group, items }) => (
        <section key={group}>
          <h2 className="desk-group">
            {t(`desk.group.${group}`)}
            <span>{t(`desk.group.${group}.note`)}</span>
          </h2>
          {items.map((duty) => {
            const filled = first;
            first = false;
            return <DutyRow key={duty.id} duty={duty} filled={filled} watched={view !== "mine" && view !== "done"} />;
          })}
        </section>
      ))}
    </div>
  );
}

export function Desk({ me }: { me: Me }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const asked = search.get("view") as View | null;
  const view = asked && [...views, ...opened].includes(asked) ? asked : "mine";
  const mine = useDuties("mine");
  const called = useDuties("called");
  const list = useDuties(view);
  const stops = useEvacuations();
  const groups = useGroups().data?.items ?? [];
  useCrumb(t("nav.desk"), "/");
  const count: Partial<Record<View, number | undefined>> = { mine: mine.data?.count, called: called.data?.count, [view]: list.data?.count };
  return (
    <div className="page desk">
      <div className="desk-main">
        <Stops rows={stops.data?.items ?? []} />
        <HeldActs />
        {mine.data ? <Sentence duties={mine.data.items} whole={me.whole} /> : <div className="desk-sentence" />}
        <div className="desk-tabs">
          <div className="tabs" role="tablist" aria-label={t("nav.desk")}>
            {(views.includes(view) ? views : [...views, view]).map((one) => (
              <button key={one} type="button" role="tab" aria-selected={one === view} onClick={() => setSearch(one === "mine" ? {} : { view: one })}>
                {t(`desk.view.${one}`)} {count[one] !== undefined && one !== "done" ? <b>{count[one]}</b> : null}
              </button>
            ))}
            <span className="tabs-note">{t("desk.order")}</span>
          </div>
          <Exchange table="duties" filter={{ view }} brief />
        </div>
        {view === "mine" && <Groups duties={list.data?.items ?? []} />}
        {list.error && !list.data ? (
          <div className="panel">
            <Failed error={list.error} what={t("what.duties")} again={() => void list.refetch()} />
          </div>
        ) : list.data ? (
          <Rows view={view} told={list.data.items.length} duties={view === "mine" ? withoutGrouped(list.data.items, groups) : list.data.items} county={me.county.name} />
        ) : (
          <div className="panel">
            <Loading what={t("what.duties")} />
          </div>
        )}
        {view === "mine" && <Afoot />}
        {view === "mine" && !me.whole && me.user.role !== "rescue_lead" && <Places />}
      </div>
      <DeskSide called={called.data?.items} total={called.data?.count ?? 0} me={me} />
    </div>
  );
}
