import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link, useParams } from "react-router";
import { asProblem } from "../../api/problem";
import type { SiteValue, SiteWatch as Watch } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { figure } from "../../time/figure";
import { date } from "../../time/words";
import { Unchecked } from "./Packs";
import { Needs } from "./Needs";
import { useEnterDesign, useWatch } from "./queries";
import { namer, ruleTitle } from "./words";
import "./rules.css";

function origin(value: SiteValue, lacking: boolean, named: (text: string) => string): string {
  if (value.own) {
    const when = value.dated ?? "";
    return value.document ? t("watch.from", { document: value.document, when }) : t("watch.noDocument");
  }
  if (value.value === null) return lacking ? t("watch.lacking") : value.optional ? t("watch.optional") : t("watch.notYet");
  return `${t(`rules.how.${value.how}`)} ${named(value.formula)}`;
}

function Enter({ site, value, done }: { site: number; value: SiteValue; done: (waits: boolean) => void }): ReactNode {
  const enter = useEnterDesign(site);
  const [figureText, setFigure] = useState("");
  const [paper, setPaper] = useState(value.document);
  const [dated, setDated] = useState("");
  const ready = figureText.trim() !== "" && Number.isFinite(Number(figureText)) && paper.trim() !== "";
  const save = (event: FormEvent): void => {
    event.preventDefault();
    if (!ready) return;
    const body = { values: { [value.id]: Number(figureText) }, document: paper.trim(), dated: dated === "" ? null : dated, reason: t("watch.reason", { document: paper.trim() }) };
    enter.mutate(body, { onSuccess: (answer) => done(answer.proposal !== null) });
  };
  return (
    <form className="watch-form" onSubmit={save}>
      <label>
        {t("watch.figure", { unit: value.unit })}
        <Input inputMode="decimal" value={figureText} onChange={(event) => setFigure(event.target.value)} autoFocus />
      </label>
      <label>
        {t("watch.document")}
        <Input value={paper} maxLength={200} onChange={(event) => setPaper(event.target.value)} />
      </label>
      <label>
        {t("watch.dated")}
        <Input type="date" value={dated} onChange={(event) => setDated(event.target.value)} />
      </label>
      <Button htmlType="submit" type="primary" disabled={!ready} loading={enter.isPending}>
        {t("watch.enter")}
      </Button>
      <NotSaved error={enter.error} />
    </form>
  );
}

function Values({ watch }: { watch: Watch }): ReactNode {
  const [open, setOpen] = useState<string | null>(null);
  const [waits, setWaits] = useState(false);
  const named = namer(watch.values);
  const lacking = new Set(watch.findings.filter((one) => !one.optional).map((one) => one.field));
  const order = (value: SiteValue): number => (lacking.has(value.id) ? 0 : value.own ? 1 : value.value !== null ? 2 : 3);
  return (
    <Panel title={t("rules.values")} note={waits ? t("watch.waits") : t("watch.values.note")}>
      <ul className="rules-list">
        {[...watch.values]
          .sort((a, b) => order(a) - order(b))
          .map((value) => (
            <li key={value.id}>
              <div className="watch-value">
                <span>
                  {value.title} <Unchecked verified={value.own || value.verified || value.how === "design" || value.how === "default"} />
                </span>
                <b className={lacking.has(value.id) ? "watch-none" : undefined}>
                  {value.value === null ? t("watch.none") : `${figure(value.value)} ${value.unit}`}
                </b>
                {watch.may_edit && (
                  <Button size="small" onClick={() => setOpen(open === value.id ? null : value.id)} aria-expanded={open === value.id}>
                    {value.own ? t("watch.change") : t("watch.enter")}
                  </Button>
                )}
              </div>
              <p className="second">{origin(value, lacking.has(value.id), named)}</p>
              {open === value.id && (
                <Enter
                  site={watch.site.id}
                  value={value}
                  done={(waiting) => {
                    setOpen(null);
                    setWaits(waiting);
                  }}
                />
              )}
            </li>
          ))}
      </ul>
    </Panel>
  );
}

function Points({ watch }: { watch: Watch }): ReactNode {
  return (
    <Panel title={t("watch.points")} note={t("watch.points.note", { n: watch.points.length })} action={<Exchange table="rules" filter={{ site: watch.site.id }} brief />}>
      {watch.points.length === 0 && <p className="second">{t("watch.points.empty")}</p>}
      <ul className="rules-list">
        {watch.points.map((point) => (
          <li key={point.id}>
            <Link to={`/points/${point.id}`}>{point.name}</Link> <span className="second">{point.item_title}</span>
            {point.rules.filter((rule) => rule.enabled && rule.levels.length > 0 && rule.kind !== "anomaly").length === 0 && <p className="watch-bare">{t("watch.noRule")}</p>}
            {point.rules
              .filter((rule) => rule.enabled && rule.levels.length > 0)
              .map((rule) => (
                <p key={rule.id}>
                  <Link to={`/rules/id/${rule.id}`}>{ruleTitle(rule)}</Link>{"\uff1a"}{rule.sentence} <Unchecked verified={rule.verified} />
                  <span className="second"> {rule.cite}</span>
                  {rule.learning_until !== null && <span className="note"> {t("rule.learning", { until: date(rule.learning_until) })}</span>}
                </p>
              ))}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What watches one site, and what is missing. */
export function SiteWatch(): ReactNode {
  const id = Number(useParams().siteId);
  const me = useMe();
  const found = useWatch(id);
  useCrumb(t("nav.findings"), "/findings", found.data?.site.name ?? "\u2026");
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("watch.missing")} action={<Link to="/findings">{t("watch.toList")}</Link>} />;
    return <Failed error={found.error} what={t("what.watch")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("what.watch")} />;
  const watch = found.data;
  const needed = watch.findings.filter((one) => !one.optional);
  return (
    <div className="page">
      <header className="rules-head">
        <h1>
          {watch.packs.length === 0
            ? t("watch.sentence.unwatched", { site: watch.site.name })
            : needed.length > 0
              ? t("watch.sentence.gaps", { site: watch.site.name, n: needed.length })
              : t("watch.sentence", { site: watch.site.name, n: watch.points.length })}
        </h1>
        <p className="second">
          {watch.kind} {watch.organisation}
          {me.permissions.includes("rule.edit") && (
            <>
              {" \u00b7 "}
              <Link to={`/rules/backtest?site=${watch.site.id}`}>{t("backtest.many.door.site")}</Link>
            </>
          )}
          {watch.packs.map((pack) => (
            <span key={pack.name}>
              {" \u00b7 "}
              <Link to={`/rules/${pack.name}`}>{t("rules.packTitle", { title: pack.title, version: pack.version })}</Link>
              {pack.bound_version !== pack.version && ` ${t("watch.older", { version: pack.bound_version })}`}
            </span>
          ))}
        </p>
      </header>
      <div className="rules-body">
        <div className="rules-column">
          <Panel title={t("nav.findings")} note={t("watch.gaps.note", { n: needed.length })}>
            {watch.findings.length === 0 ? (
              <p className="second">{t("watch.gaps.empty")}</p>
            ) : (
              <ul className="rules-list">
                {watch.findings.map((one) => (
                  <li key={one.id} className={one.optional ? "second" : undefined}>
                    {one.message}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
          <Points watch={watch} />
        </div>
        <div className="rules-column">
          {watch.needs.length > 0 && <Needs site={watch.site.id} needs={watch.needs} duty={watch.duty} />}
          <Values watch={watch} />
        </div>
      </div>
    </div>
  );
}
