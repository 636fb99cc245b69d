import { Button, Input, InputNumber, Segmented } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Panel } from "../../kit/Panel";
import { serverNow } from "../../time/server";
import { fieldTime, momentOf } from "../people/times";
import type { BacktestOf } from "./queries";
import "./backtest.css";

interface Happened {
  key: number;
  start: string;
  end: string;
  name: string;
}

const DAY = 86_400_000;

function Happenings({ rows, set }: { rows: readonly Happened[]; set: (rows: Happened[]) => void }): ReactNode {
  const change = (key: number, part: Partial<Happened>): void => set(rows.map((one) => (one.key === key ? { ...one, ...part } : one)));
  return (
    <div className="backtest-events">
      {rows.map((one, i) => (
        <div key={one.key} className="backtest-event">
          <label>
            {t("backtest.event.start")}
            <Input type="datetime-local" value={one.start} onChange={(event) => change(one.key, { start: event.target.value })} />
          </label>
          <label>
            {t("backtest.event.end")}
            <Input type="datetime-local" value={one.end} min={one.start} onChange={(event) => change(one.key, { end: event.target.value })} />
          </label>
          <label>
            {t("backtest.event.name")}
            <Input value={one.name} maxLength={60} onChange={(event) => change(one.key, { name: event.target.value })} />
          </label>
          <Button aria-label={t("backtest.event.remove", { n: i + 1 })} onClick={() => set(rows.filter((other) => other.key !== one.key))}>
            {t("backtest.event.drop")}
          </Button>
        </div>
      ))}
      <Button onClick={() => set([...rows, { key: Math.max(0, ...rows.map((one) => one.key)) + 1, start: "", end: "", name: "" }])}>{t("backtest.event.add")}</Button>
    </div>
  );
}

/** The last 30 days, and events as our own warnings tell them; or what the address says of the time. */
export function begunWith(search: URLSearchParams): BacktestOf {
  const now = Math.ceil(serverNow() / 60_000) * 60_000;
  const told = (name: string): number => Date.parse(search.get(name) ?? "");
  const [start, end] = told("start") < told("end") ? [told("start"), told("end")] : [now - 30 * DAY, now];
  const before = search.has("before") ? Number(search.get("before")) : 72;
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString(), before_h: before >= 0 && before <= 8784 ? before : 72, events: null };
}

interface AskProps {
  begun: BacktestOf;
  ask: (of: BacktestOf) => void;
  busy: boolean;
  /** Whether events can be told by hand here: they are of one site. */
  hand?: boolean;
  /** Whether it is known what is to be backtested. */
  ready?: boolean;
  children?: ReactNode;
}

/** Which time, what happened in it, and how long before it a signal is its warning. */
export function Ask({ begun, ask, busy, hand = true, ready = true, children }: AskProps): ReactNode {
  const [from, setFrom] = useState(fieldTime(begun.start));
  const [until, setUntil] = useState(fieldTime(begun.end));
  const [before, setBefore] = useState<number | null>(begun.before_h);
  const [chosen, setChosen] = useState<"warnings" | "hand">("warnings");
  const source = hand ? chosen : "warnings";
  const [rows, setRows] = useState<Happened[]>([{ key: 1, start: "", end: "", name: "" }]);
  const start = momentOf(from);
  const end = momentOf(until);
  const told = rows.filter((one) => one.start !== "");
  const events = source === "warnings" ? null : told.map((one) => ({ start: momentOf(one.start) ?? "", end: momentOf(one.end), name: one.name.trim() }));
  const can = ready && start !== null && end !== null && start < end && (source === "warnings" || told.length > 0);
  return (
    <Panel title={t("backtest.ask")} note={t("backtest.ask.note")}>
      <div className="backtest-ask">
        {children}
        <label>
          {t("backtest.from")}
          <Input type="datetime-local" value={from} max={until} onChange={(event) => setFrom(event.target.value)} />
        </label>
        <label>
          {t("backtest.until")}
          <Input type="datetime-local" value={until} min={from} onChange={(event) => setUntil(event.target.value)} />
        </label>
        <label>
          {t("backtest.before")}
          <InputNumber min={0} max={8784} value={before} onChange={setBefore} />
        </label>
        <div>
          <span id="backtest-source">{t("backtest.events")}</span>
          <Segmented aria-labelledby="backtest-source" value={source} onChange={setChosen} options={(["warnings", "hand"] as const).map((value) => ({ value, label: t(`backtest.events.${value}`), disabled: value === "hand" && !hand }))} />
        </div>
        <Button loading={busy} disabled={!can} onClick={() => ask({ start: start ?? "", end: end ?? "", before_h: before ?? 72, events })}>
          {t("backtest.run")}
        </Button>
      </div>
      {!hand && <p className="second">{t("backtest.handNeedsSite")}</p>}
      {source === "hand" && <Happenings rows={rows} set={setRows} />}
    </Panel>
  );
}
