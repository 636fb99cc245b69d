import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useRoster, useShift } from "../../api/queries";
import type { ChainRow, Duty, Me, RosterRow } from "../../api/types";
import { CallMark } from "../../kit/ChainOfPeople";
import { Clock } from "../../kit/Clock";
import { Panel } from "../../kit/Panel";
import { NotSaved } from "../../kit/States";
import { clockState } from "../../time/limit";
import { useNow } from "../../time/server";
import { shortTime } from "../../time/words";
import { Matters } from "./Matters";
import { placeOf } from "./order";

function callState(duty: Duty, now: number): ChainRow["state"] {
  if (duty.state !== "called") return "answered";
  return duty.clock && clockState(duty.clock, now) === "over" ? "overdue" : "calling";
}

function CalledRow({ duty }: { duty: Duty }): ReactNode {
  const now = useNow();
  return (
    <li>
      <CallMark state={callState(duty, now)} />
      <Link to={duty.subject.url} className="quiet side-words">
        {duty.post} <span className="side-org">{duty.organisation}</span> {duty.calls > 1 && <span className="side-org">{t("side.calls", { n: duty.calls })}</span>}
        <span className="side-what" title={`${duty.verb} ${duty.title}`}>
          {duty.verb} {placeOf(duty)}
        </span>
      </Link>
      {duty.clock && <Clock limit={duty.clock} size="list" short />}
    </li>
  );
}

function RosterLine({ row, mine }: { row: RosterRow; mine: boolean }): ReactNode {
  const shift = useShift();
  const state = row.state === "on_duty" ? "answered" : row.state === "nobody" ? "nobody" : "overdue";
  const words = row.since && row.state === "on_duty" ? t("roster.since", { at: shortTime(row.since) }) : t(`roster.${row.state}`);
  return (
    <li className={mine ? "side-mine" : undefined}>
      <CallMark state={state} />
      <span className="side-words">
        {row.post} {mine ? <b>{t("roster.me")}</b> : <span className="side-org">{row.organisation}</span>}
      </span>
      <span className={row.state === "on_duty" ? "side-state" : "side-state side-missing"}>{words}</span>
      {mine && row.state === "not_signed" && (
        <Button size="small" className="side-verb" loading={shift.isPending} onClick={() => shift.mutate("sign-in")}>
          {t("roster.signIn")}
        </Button>
      )}
      {mine && row.state === "on_duty" && (
        // The watch changes hands by a note both have signed; signing out here would leave it to nobody.
        <Link to="/people/roster?hand=mine" className="ant-btn ant-btn-default ant-btn-sm ant-btn-variant-outlined side-verb">
          {t("roster.hand")}
        </Link>
      )}
      {shift.error && (
        <div className="side-error">
          <NotSaved error={shift.error} />
        </div>
      )}
    </li>
  );
}

export function DeskSide({ called, total, me }: { called: Duty[] | undefined; total: number; me: Me }): ReactNode {
  const roster = useRoster();
  const post = me.post?.id ?? null;
  // Who calls nobody is not told so on every quiet day.
  const calls = me.permissions.includes("duty.recall") || total > 0;
  const shift = roster.data && roster.data.items.length > 0 ? roster.data.shift : null;
  return (
    <aside className="desk-side">
      <Matters me={me} />
      {calls && (
        <Panel title={t("desk.view.called")} note={total > 0 ? t("side.open", { n: total }) : undefined}>
          {called && called.length > 0 ? (
            <ul className="side-list">
              {called.slice(0, 8).map((duty) => (
                <CalledRow key={duty.id} duty={duty} />
              ))}
            </ul>
          ) : (
            <p className="note">{called ? t("side.none") : t("state.loading", { what: t("desk.view.called") })}</p>
          )}
          {total > 8 && <Link to="/?view=called">{t("side.all", { n: total })}</Link>}
        </Panel>
      )}
      <Panel title={t("roster.title")} note={shift ? `${shortTime(shift.start)}\u2013${shortTime(shift.end)}` : undefined}>
        {roster.data && roster.data.items.length > 0 ? (
          <ul className="side-list">
            {roster.data.items.map((row) => (
              <RosterLine key={row.post_id} row={row} mine={row.post_id === post} />
            ))}
          </ul>
        ) : (
          <p className="note">{roster.error ? t("roster.failed") : roster.data ? t("roster.none") : t("state.loading", { what: t("roster.title") })}</p>
        )}
      </Panel>
    </aside>
  );
}
