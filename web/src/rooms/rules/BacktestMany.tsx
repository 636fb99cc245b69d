import { Button, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useSites } from "../../api/queries";
import type { BacktestMany, BacktestManyRow } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { Failed, Loading } from "../../kit/States";
import { figure } from "../../time/figure";
import { leadWords, foundWords, perMonth, singleAddress, summed, worstFirst } from "./backtest";
import { Ask, begunWith } from "./BacktestAsk";
import { useBacktests, usePacks, type BacktestOf } from "./queries";
import { whenWords } from "./trial";
import { ruleTitle } from "./words";
import "./rules.css";
import "./rule.css";
import "./backtest.css";

function PickPack({ value, set }: { value: string; set: (name: string) => void }): ReactNode {
  const packs = usePacks();
  const rows = packs.data?.items.filter((one) => one.problem === null) ?? [];
  return (
    <label htmlFor="backtest-pack">
      {t("rules.pack")}
      <Select
        id="backtest-pack" className="backtest-pick" allowClear placeholder={t("backtest.many.anyPack")} value={value === "" ? null : value}
        onChange={(name?: string | null) => set(name ?? "")} options={rows.map((one) => ({ value: one.name, label: one.title }))}
      />
    </label>
  );
}

function PickSite({ value, name, set }: { value: number | null; name: string | null; set: (id: number | null) => void }): ReactNode {
  const [q, setQ] = useState("");
  const sites = useSites(q ? { q } : {});
  const rows = sites.data?.pages.flatMap((page) => page.items.map((one) => ({ value: one.id, label: one.name }))) ?? [];
  // The one chosen may not be among the first there are.
  const options = value === null || name === null || rows.some((one) => one.value === value) ? rows : [{ value, label: name }, ...rows];
  return (
    <label htmlFor="backtest-site">
      {t("silence.site")}
      <Select
        id="backtest-site" className="backtest-pick" allowClear showSearch={{ filterOption: false, onSearch: setQ }} placeholder={t("backtest.many.anySite")} value={value}
        onChange={(id?: number | null) => set(id ?? null)} options={options}
      />
    </label>
  );
}

function Rule({ row, of, beside }: { row: BacktestManyRow; of: BacktestMany; beside: boolean }): ReactNode {
  const rows = Math.max(1, row.levels.length);
  const why = row.why ?? (row.readings === 0 ? t("backtest.many.noReadings") : null);
  const notes = [
    row.unread > 0 && t("backtest.many.unread", { n: row.unread, all: row.events }),
    row.until !== null && t("trial.until", { at: whenWords(row.until) }),
  ].filter((one) => one !== false);
  const head = (
    <th scope="rowgroup" rowSpan={why === null ? rows : 1}>
      <Link to={singleAddress(row.id, of)}>{ruleTitle(row)}</Link>
      <span className="second">
        {beside && `${row.site.name} `}
        {row.point.name}
      </span>
      {notes.map((one) => (
        <span key={one} className="second">{one}</span>
      ))}
    </th>
  );
  if (why !== null) {
    return (
      <tbody>
        <tr>
          {head}
          <td colSpan={5} className="second backtest-why">{why}</td>
        </tr>
      </tbody>
    );
  }
  return (
    <tbody>
      {row.levels.map((at, i) => (
        <tr key={at.level}>
          {i === 0 && head}
          <td>
            <LevelMark level={at.level} size={18} label="" /> {t(`level.${at.level}.word`)}
          </td>
          <td>{foundWords(at)}</td>
          <td>{at.median_lead === null ? "\u2014" : leadWords(at.median_lead, true)}</td>
          <td>{perMonth(at.false_per_month)}</td>
          <td>{perMonth(at.false_hours_per_month)}</td>
        </tr>
      ))}
    </tbody>
  );
}

function Table({ rows, of, beside }: { rows: readonly BacktestManyRow[]; of: BacktestMany; beside: boolean }): ReactNode {
  return (
    <div className="backtest-scroll" tabIndex={0} role="region" aria-label={t("backtest.many.each")}>
      <table className="backtest-table backtest-many">
        <thead>
          <tr>
            <th>{t("rules.title")}</th>
            <th>{t("backtest.level")}</th>
            <th>{t("backtest.many.found")}</th>
            <th>{t("backtest.lead")}</th>
            <th>{t("backtest.false")}</th>
            <th>{t("backtest.hours")}</th>
          </tr>
        </thead>
        {rows.map((row) => (
          <Rule key={row.id} row={row} of={of} beside={beside} />
        ))}
      </table>
    </div>
  );
}

/** What no row tells of: nothing is left out without a number. */
function Left({ of }: { of: BacktestMany }): ReactNode {
  const told = (["off", "together", "device"] as const).filter((one) => of.left[one] > 0).map((one) => t(`backtest.many.left.${one}`, { n: of.left[one] }));
  return told.length === 0 ? null : <p className="second">{t("backtest.many.left", { what: told.join(t("list.comma")) })}</p>;
}

function named(of: BacktestMany): string {
  return [of.site?.name, of.title].filter(Boolean).join(" ");
}

/** \u56de\u6d4b of a whole pack or site: which rules see what happened, and which call in vain. */
export function BacktestManyPage(): ReactNode {
  const me = useMe();
  const [search, setSearch] = useSearchParams();
  const pack = search.get("pack") ?? "";
  const site = /^\d+$/.test(search.get("site") ?? "") ? Number(search.get("site")) : null;
  const [of, setOf] = useState<BacktestOf>(() => begunWith(search));
  const ready = pack !== "" || site !== null;
  const may = me.permissions.includes("rule.edit");
  // Events told by hand are of the site they were told for.
  const events = site === null ? null : of.events;
  const found = useBacktests(ready && may ? { ...of, events, pack, site } : null);
  useCrumb(t("nav.rules"), "/rules", t("backtest.title"));
  const pages = found.data?.pages ?? [];
  const last = pages[pages.length - 1];
  const rows = pages.flatMap((page) => page.items);
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const sum = summed(rows);
  return (
    <div className="page">
      <header className="rules-head">
        <h1>
          {last === undefined
            ? t("backtest.many.choose")
            : rows.length === 0
              ? t("backtest.many.nothing", { name: named(last) })
              : sum.tried === 0
                ? t("backtest.many.sentence.unmeasured", { name: named(last), n: sum.reckoned, most: perMonth(sum.most) })
                : t("backtest.many.sentence", { name: named(last), n: sum.reckoned, missed: sum.missed, most: perMonth(sum.most) })}
        </h1>
        <p className="second">{t("backtest.many.note")}</p>
      </header>
      {!may ? (
        <p className="second">{t("ruleEdit.readOnly")}</p>
      ) : (
        <div className="rules-column">
          <Ask begun={of} ask={setOf} busy={found.isFetching} hand={site !== null} ready={ready}>
            <PickPack value={pack} set={(name) => set("pack", name)} />
            <PickSite value={site} name={last?.site?.name ?? null} set={(id) => set("site", id === null ? "" : String(id))} />
          </Ask>
          {found.error && last === undefined ? (
            <Failed error={found.error} what={t("what.backtest")} again={() => void found.refetch()} />
          ) : last === undefined ? (
            ready && <Loading what={t("what.backtest")} />
          ) : (
            <Panel title={t("backtest.many.each")} note={last.of_warnings ? t("backtest.each.warnings") : t("backtest.each.note", { h: figure(last.before_h) })}>
              {rows.length > 0 && <Table rows={worstFirst(rows)} of={last} beside={site === null} />}
              {last.left.later > 0 && (
                <p className="backtest-later">
                  {t("backtest.many.later", { n: last.left.later, all: last.count })}{" "}
                  <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
                    {t("backtest.many.on")}
                  </Button>
                </p>
              )}
              {found.error && <Failed error={found.error} what={t("what.backtest")} again={() => void found.fetchNextPage()} />}
              <Left of={last} />
            </Panel>
          )}
        </div>
      )}
    </div>
  );
}
