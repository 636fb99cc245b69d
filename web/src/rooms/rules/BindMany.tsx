import { Button, Checkbox } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useParams } from "react-router";
import type { SitePlan } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useBindMany, usePack, usePlan } from "./queries";
import "./rules.css";
import "./rule.css";
import "./bind.css";

/** Whether taking up the pack would do anything here. */
export function moves(row: SitePlan): boolean {
  return row.bound_version === null || row.added + row.tightened + row.waits > 0;
}

/** Which of the sites that can take it up are chosen: at first as many as one go takes, then what was ticked. */
export function picked(open: readonly number[], ticked: ReadonlySet<number> | null, most: number): number[] {
  return ticked === null ? open.slice(0, most) : open.filter((id) => ticked.has(id)).slice(0, most);
}

function Does({ row }: { row: SitePlan }): ReactNode {
  const told = (["added", "tightened", "waits", "asked"] as const).filter((one) => row[one] > 0).map((one) => t(`bind.${one}`, { n: row[one] }));
  return <>{told.length > 0 ? told.join(t("list.comma")) : row.points === 0 ? t("bind.noPoints") : t("bind.nothing")}</>;
}

function More({ row }: { row: SitePlan }): ReactNode {
  return (
    <div className="bind-more">
      {row.changes.length > 0 && (
        <ul>
          {row.changes.map((one, i) => (
            <li key={i}>
              <span className="tag">{t(`bind.effect.${one.effect}`)}</span> {one.place} {one.title} <span className="second">{one.sentence}</span>
            </li>
          ))}
        </ul>
      )}
      {row.missing.length > 0 && (
        <ul>
          {row.missing.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      {row.unknown_points > 0 && <p className="second">{t("bind.unknown", { n: row.unknown_points })}</p>}
      {row.optional.length > 0 && <p className="second">{t("bind.optional", { n: row.optional.length })}</p>}
    </div>
  );
}

function Row({ row, chosen, full = false, choose }: { row: SitePlan; chosen: boolean | null; full?: boolean; choose: (on: boolean) => void }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className="bind-row">
        {chosen !== null && <Checkbox checked={chosen} disabled={full && !chosen} onChange={(event) => choose(event.target.checked)} aria-label={t("bind.choose", { site: row.site.name })} />}
        <span>
          <Link to={`/sites/${row.site.id}/watch`}>{row.site.name}</Link> <i className="second">{row.organisation}</i>
        </span>
        <span className="second">{row.bound_version === null ? t("bind.unbound") : t("bind.bound", { version: row.bound_version })}</span>
        <b>
          <Does row={row} />
        </b>
        <span>{row.missing.length > 0 ? t("bind.missing", { n: row.missing.length }) : t("bind.whole")}</span>
        <Button size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("bind.less") : t("bind.more")}
        </Button>
      </div>
      {open && <More row={row} />}
    </li>
  );
}

/** A pack taken up at many sites of its kind: what it would do at each is read first, then all at once or not at all. */
export function BindMany(): ReactNode {
  const name = useParams().pack ?? "";
  const pack = usePack(name);
  const plan = usePlan(name);
  const act = useBindMany(name);
  const [ticked, setTicked] = useState<ReadonlySet<number> | null>(null);
  useCrumb(t("nav.rules"), "/rules", pack.data?.title ?? "\u2026");
  const error = pack.error ?? plan.error;
  if (error && !(pack.data && plan.data)) return <Failed error={error} what={t("what.plan")} again={() => void plan.refetch()} />;
  if (!pack.data || !plan.data) return <Loading what={t("what.plan")} />;
  const done = act.data;
  const open = plan.data.items.filter(moves);
  const most = plan.data.most;
  const ids = new Set(picked(open.map((row) => row.site.id), ticked, most));
  const choose = (id: number, on: boolean): void => {
    const next = new Set(ids);
    if (on) next.add(id);
    else next.delete(id);
    setTicked(next);
  };
  const rest = plan.data.items.filter((row) => !moves(row));
  return (
    <div className="page">
      <header className="rules-head">
        <h1>{done ? t("bind.done", { n: done.count, lacking: done.items.filter((row) => row.missing.length > 0).length }) : open.length === 0 ? t("bind.sentence.none", { pack: pack.data.title }) : t("bind.sentence", { pack: pack.data.title, n: open.length })}</h1>
        <p className="second">{t("bind.rule")}</p>
      </header>
      {done && (
        <Panel title={t("bind.result")} note={t("bind.result.note")}>
          <ul className="rules-list">
            {done.items.map((row) => (
              <Row key={row.site.id} row={row} chosen={null} choose={() => undefined} />
            ))}
          </ul>
        </Panel>
      )}
      {plan.data.items.length === 0 && <Empty title={t("bind.noSites")} action={<Link to={`/rules/${name}`}>{pack.data.title}</Link>} />}
      {open.length > 0 && (
        <Panel
          title={t("bind.open")}
          note={t("bind.chosen", { n: ids.size })}
          action={
            <Button type="primary" disabled={ids.size === 0} loading={act.isPending} onClick={() => act.mutate([...ids], { onSuccess: () => setTicked(null) })}>
              {t("bind.apply", { n: ids.size })}
            </Button>
          }
        >
          <NotSaved error={act.error} />
          {open.length > most && <p className="second">{t("bind.most", { n: most })}</p>}
          <ul className="rules-list">
            {open.map((row) => (
              <Row key={row.site.id} row={row} chosen={ids.has(row.site.id)} full={ids.size >= most} choose={(on) => choose(row.site.id, on)} />
            ))}
          </ul>
        </Panel>
      )}
      {rest.length > 0 && (
        <Panel title={t("bind.rest")} note={t("bind.rest.note", { n: rest.length })} className="bind-rest">
          <ul className="rules-list">
            {rest.map((row) => (
              <Row key={row.site.id} row={row} chosen={null} choose={() => undefined} />
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}
