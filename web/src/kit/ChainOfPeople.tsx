import { exists, t } from "i18next";
import { useState, type ReactNode } from "react";
import type { ChainRow } from "../api/types";
import { useNow } from "../time/server";
import { clockTime, moment, shortTime } from "../time/words";
import { chainTicks, kindsOf, layChain, nearRungs, type Lane } from "./chain";
import { Clock } from "./Clock";
import "./chain.css";

type CallState = ChainRow["state"];

/** ◐ calling, ✓ answered, ■! overdue, dashed not yet, ○ over without an answer; an empty post is a box with a bar. */
export function CallMark({ state, size = 18 }: { state: CallState; size?: number }): ReactNode {
  const words = t(`call.${state}`);
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 20 20" role="img" aria-label={words}>
      {state === "calling" && (
        <>
          <circle cx="10" cy="10" r="7.6" fill="none" stroke="var(--ink)" strokeWidth="1.8" />
          <path d="M10 2.400A7.6 7.6 0 0 0 10 17.600Z" fill="var(--ink)" />
        </>
      )}
      {(state === "answered" || state === "done") && (
        <>
          <circle cx="10" cy="10" r="8.4" fill="var(--ink2)" />
          <path d="m6.2 10.2 2.7 2.7 5-5.400" fill="none" stroke="var(--surface)" strokeWidth="1.9" />
        </>
      )}
      {(state === "overdue" || state === "nobody") && (
        <>
          <rect x="2" y="2" width="16" height="16" rx="2" fill="var(--ink)" />
          {state === "overdue" ? (
            <path d="M10 5v6M10 13.200v2" stroke="var(--surface)" strokeWidth="2.2" />
          ) : (
            <path d="M5.500 10h9" stroke="var(--surface)" strokeWidth="2.2" />
          )}
        </>
      )}
      {state === "declined" && (
        <>
          <circle cx="10" cy="10" r="7.6" fill="none" stroke="var(--ink2)" strokeWidth="1.8" />
          <path d="M5 15 15 5" stroke="var(--ink2)" strokeWidth="1.8" />
        </>
      )}
      {state === "ended" && <circle cx="10" cy="10" r="7.6" fill="none" stroke="var(--ink2)" strokeWidth="1.8" />}
      {state === "not_yet" && <circle cx="10" cy="10" r="7.6" fill="none" stroke="var(--edge)" strokeWidth="1.6" strokeDasharray="3 2.600" />}
    </svg>
  );
}

function LaneView({ lane }: { lane: Lane }): ReactNode {
  const { row, start, end, limit, now } = lane;
  const pct = (share: number): string => `${(share * 100).toFixed(2)}%`;
  const answered = row.answered_at !== null;
  return (
    <div className={`lane lane-${row.state}`} aria-hidden>
      {limit !== null && <span className="lane-rest" style={{ left: pct(Math.max(start, 0)), width: pct(Math.max(0, limit - start)) }} />}
      <span className="lane-run" style={{ left: pct(start), width: pct(Math.max(0, (limit !== null && !answered ? Math.min(end, limit) : end) - start)) }} />
      {!answered && limit !== null && end > limit && row.state !== "not_yet" && (
        <span className="lane-beyond" style={{ left: pct(limit), width: pct(end - limit) }} />
      )}
      {answered && <span className="lane-dot" style={{ left: pct(end) }} />}
      {limit !== null && <span className="lane-limit" style={{ left: pct(limit) }} />}
      <span className="lane-now" style={{ left: pct(now) }} />
    </div>
  );
}

function limitOf(row: ChainRow) {
  if (row.due_at === null) return null;
  return { starts_at: row.called_at ?? row.starts_at, due_at: row.due_at, done_at: row.answered_at, rungs: [], kind: "answer", who: row.post };
}

/** A call nobody answered, and what it was for is over: nothing of it runs on. */
export function endedWords(row: ChainRow, now: number): string | null {
  if (row.ended_at === null) return null;
  return t(row.state === "overdue" ? "call.ended.late" : "call.ended.at", { at: moment(row.ended_at, now) });
}

/** The newest step each channel reached: nobody is "probably told". */
function receiptWords(row: ChainRow): string {
  const newest = new Map<string, ChainRow["receipts"][number]>();
  for (const receipt of row.receipts) {
    const before = newest.get(receipt.channel);
    if (!before || Date.parse(before.at) <= Date.parse(receipt.at)) newest.set(receipt.channel, receipt);
  }
  const name = (channel: string): string => (exists(`channel.${channel}`) ? t(`channel.${channel}`) : channel);
  return [...newest.values()].map((r) => `${name(r.channel)} ${t(`receipt.${r.step}`)} ${clockTime(r.at)}`).join(t("list.comma"));
}

export function ChainOfPeople({ rows }: { rows: readonly ChainRow[] }): ReactNode {
  const now = useNow();
  const [whole, setWhole] = useState(false);
  const near = nearRungs(rows);
  const chain = layChain(whole ? rows : near, now);
  const kinds = kindsOf(rows).length > 1;
  const share = (at: number): number => (at - chain.from) / (chain.to - chain.from);
  const ticks = chainTicks(chain.from, chain.to).filter((at) => Math.abs(share(at) - chain.now) > 0.12 && share(at) < 0.96);
  return (
    <div className="chain">
      <div className="chain-axis" aria-hidden>
        {ticks.map((at) => (
          <span key={at} style={{ left: `${share(at) * 100}%` }}>
            {shortTime(at)}
          </span>
        ))}
        <span className="chain-now" style={{ left: `${Math.min(0.95, Math.max(0.04, chain.now)) * 100}%` }}>
          {t("time.now")}
        </span>
      </div>
      <ol>
        {chain.lanes.map((lane, i) => {
          const { row } = lane;
          const limit = limitOf(row);
          const told = receiptWords(row);
          const ended = endedWords(row, now);
          return (
            <li key={`${row.duty_id}.${row.post}.${i}`} className={`person person-${row.state}`}>
              <CallMark state={row.state} />
              <div className="person-words" title={told === "" ? undefined : told}>
                <b>{row.post}</b> <span>{row.organisation}</span>
                {kinds && <span className="person-kind">{t(`limit.${row.kind.split(".").at(-1)}`)}</span>}
                {row.state === "nobody" ? <strong> {t("call.nobody")}</strong> : row.person && row.person !== `${row.organisation}${row.post}` && <span> {row.person}</span>}
                {row.note !== "" && <span className="person-note"> {row.note}</span>}
              </div>
              {row.state === "not_yet" ? (
                <span className="clock clock-list clock-wait">{t("clock.from", { at: clockTime(row.starts_at) })}</span>
              ) : ended !== null ? (
                <span className="clock clock-list clock-wait clock-ended">{ended}</span>
              ) : row.state === "declined" || limit === null ? (
                <span className="clock clock-list clock-wait">{t(`call.${row.state}`)}</span>
              ) : (
                <Clock limit={limit} size="list" short />
              )}
              <LaneView lane={lane} />
              {told !== "" && <span className="unseen">{told}</span>}
            </li>
          );
        })}
      </ol>
      {rows.length > near.length && (
        <button type="button" className="linkish" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? t("call.less") : t("call.more", { n: rows.length - near.length })}
        </button>
      )}
    </div>
  );
}
