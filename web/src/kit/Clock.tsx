import { t } from "i18next";
import type { ReactNode } from "react";
import type { Limit } from "../api/types";
import { clockBar, clockSpan, clockState, type ClockState } from "../time/limit";
import { useNow } from "../time/server";
import { limitWord, moment, span } from "../time/words";
import "./clock.css";

interface Props {
  limit: Limit;
  size?: "list" | "row" | "head" | "phone" | "wall" | "screen";
  /** Words under an hour's limit shortened, for narrow columns. */
  short?: boolean;
  prefix?: boolean;
}

/** The figure of a limit. Read out only when its state changes, never each second. */
export function Clock({ limit, size = "row", short = false, prefix = true }: Props): ReactNode {
  const now = useNow();
  const state = clockState(limit, now);
  const ms = clockSpan(limit, now);
  const lead = prefix ? t(`clock.${state}`) : "";
  return (
    <span className={`clock clock-${state} clock-${size}`}>
      <span aria-hidden>
        {state !== "wait" && lead !== "" && <i>{lead}</i>}
        <b>{state === "wait" ? t("clock.from", { at: moment(limit.starts_at, now) }) : span(ms, state === "done" ? "plain" : "pad", short)}</b>
      </span>
      <ClockVoice state={state} limit={limit} />
    </span>
  );
}

/** The limit read out: whose it is, or where nobody is named what it is for. */
export function voiceWords(limit: Limit, state: ClockState): string {
  const at = moment(state === "wait" ? limit.starts_at : (limit.done_at ?? limit.due_at), Date.parse(limit.due_at));
  return t(`clock.voice.${state}`, { who: limit.who || limitWord(limit.kind), at });
}

function ClockVoice({ state, limit }: { state: ClockState; limit: Limit }): ReactNode {
  return (
    <span className="unseen" aria-live={state === "over" || state === "soon" ? "polite" : "off"}>
      {voiceWords(limit, state)}
    </span>
  );
}

/** Elapsed in ink, rungs and the limit as ticks, what lies beyond it hatched. */
export function ClockBar({ limit }: { limit: Limit }): ReactNode {
  const now = useNow();
  const state = clockState(limit, now);
  const bar = clockBar(limit, now);
  const pct = (share: number): string => `${(share * 100).toFixed(2)}%`;
  return (
    <span className={`bar bar-${state}`} aria-hidden>
      <span className="bar-elapsed" style={{ width: pct(bar.elapsed) }} />
      {bar.beyond > 0 && state === "over" && <span className="bar-beyond" style={{ left: pct(bar.limit), width: pct(Math.max(0.04, Math.min(bar.beyond, 1 - bar.limit))) }} />}
      {bar.rungs.map((rung) => (
        <span key={rung} className="bar-rung" style={{ left: pct(rung) }} />
      ))}
      <span className="bar-limit" style={{ left: pct(bar.limit) }} />
    </span>
  );
}

export function ClockWithBar(props: Props): ReactNode {
  return (
    <span className="clockbar">
      <Clock {...props} />
      <ClockBar limit={props.limit} />
    </span>
  );
}
