import { Button, Input, InputNumber, Modal } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useCount, type CountVerb } from "../../api/evacuations";
import { useKey } from "../../api/keys";
import { usePoint } from "../../api/queries";
import type { EvacuationDetail, HeadStep } from "../../api/types";
import { NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { ago, clockTime, moment } from "../../time/words";
import { isStale } from "../sites/Latest";
import "./headcount.css";

const STEPS = 5;

/** Names as they are typed: one a line, or with commas between. Pure. */
export function namesIn(text: string): string[] {
  return text
    .split(/[\n,，、;；]+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Whether this confirmation leaves nobody in: then the calls for the withdrawal end, and it is asked once more. Pure. */
export function empties(verb: CountVerb, missing: number | null, amount: number): boolean {
  return verb === "confirm" && missing !== null && amount > 0 && amount >= missing;
}

/** How many more are told to be out than were missing: the number told was wrong, and somebody nobody counted may be inside. */
export function surplus(verb: CountVerb, missing: number | null, amount: number): number {
  return verb === "confirm" && missing !== null ? Math.max(0, amount - missing) : 0;
}

function Dialog({ stop, verb, close }: { stop: EvacuationDetail; verb: CountVerb; close: () => void }): ReactNode {
  const act = useCount();
  const keyed = useKey();
  const [amount, setAmount] = useState<number | null>(null);
  const [list, setList] = useState("");
  const [words, setWords] = useState("");
  const [told, setTold] = useState(false);
  const [asking, setAsking] = useState(false);
  const names = namesIn(list);
  const counts = verb !== "resume" && names.length === 0;
  const confirmed = names.length > 0 ? names.length : (amount ?? 0);
  const more = surplus(verb, stop.missing, confirmed);
  const lack = counts && amount === null ? t("stop.needAmount") : more > 0 ? t("stop.more", { missing: stop.missing, more }) : verb !== "confirm" && words.trim() === "" ? t(`stop.words.${verb}`) : null;
  const all = empties(verb, stop.missing, confirmed);
  const go = (): void => {
    const body = { id: stop.id, verb, amount: counts ? amount : null, names, words: words.trim() };
    act.mutate({ ...body, key: keyed.take(body) }, { onSuccess: close, onError: keyed.failed });
  };
  const send = (): void => {
    setTold(true);
    if (lack !== null) return;
    if (all) setAsking(true);
    else go();
  };
  const asked = asking && all && lack === null;
  return (
    <Modal open title={t(`stop.act.${verb}`)} okText={t(`stop.act.${verb}`)} cancelText={t("act.back")} confirmLoading={act.isPending} okButtonProps={{ disabled: asked }} onOk={send} onCancel={close} width={520}>
      <p className="second">{verb === "fewer" ? t("stop.fewer.means") : stop.words}</p>
      {verb === "confirm" && (
        <>
          <label htmlFor="names">{t("stop.names")}</label>
          <Input.TextArea id="names" rows={3} value={list} onChange={(event) => { setList(event.target.value); setAsking(false); }} placeholder={t("stop.names.how")} />
        </>
      )}
      {counts && (
        <>
          <label htmlFor="amount">{verb === "confirm" ? t("stop.orAmount") : t("stop.amount")}</label>
          <InputNumber id="amount" className="headcount-amount" min={verb === "set" ? 0 : 1} max={5000} precision={0} value={amount} onChange={(value) => { setAmount(value); setAsking(false); }} suffix={t("stop.unit")} />
        </>
      )}
      {names.length > 0 && <p className="note">{t("stop.named", { n: names.length })}</p>}
      <label htmlFor="why">{t(`stop.label.${verb}`)}</label>
      <Input id="why" value={words} onChange={(event) => setWords(event.target.value)} placeholder={t(`stop.words.${verb}`)} />
      {told && lack !== null && (
        <p className="notsaved" role="alert">
          {lack}
        </p>
      )}
      {asked && (
        <div className="headcount-ask" role="alert">
          <p>{t("stop.all", { n: stop.missing })}</p>
          <Button loading={act.isPending} onClick={go}>
            {t("stop.all.sure", { n: stop.missing })}
          </Button>
        </div>
      )}
      <NotSaved error={act.error} />
    </Modal>
  );
}

/** What the positioning system sees now; a person confirms by it, it confirms nothing by itself. */
function Positioning({ stop, may }: { stop: EvacuationDetail; may: boolean }): ReactNode {
  const act = useCount();
  const keyed = useKey();
  const [asking, setAsking] = useState(false);
  const now = useNow();
  const point = usePoint(stop.points[0] ?? 0).data;
  const latest = point?.latest;
  if (!point || !latest || latest.value === null) return null;
  const old = isStale(point, now);
  const press = (): void => {
    // A system that sees nobody may be one that is dead: who takes its nought for all of them says so once more.
    if (latest.value === 0 && !asking) return setAsking(true);
    act.mutate({ id: stop.id, verb: "positioning", key: keyed.take("positioning"), amount: null, names: [], words: "" }, { onSuccess: keyed.done, onError: keyed.failed });
  };
  return (
    <p className="headcount-seen">
      {old ? t("stop.seenOld", { n: latest.value, at: clockTime(latest.ts) }) : t("stop.seen", { n: latest.value, ago: ago(latest.ts, now) })}
      {may && !old && stop.missing !== null && latest.value < stop.missing && (
        <Button size="small" loading={act.isPending} onClick={press}>
          {asking && latest.value === 0 ? t("stop.all.sure", { n: stop.missing }) : t("stop.act.positioning")}
        </Button>
      )}
      <NotSaved error={act.error} />
    </p>
  );
}

function stepWords(step: HeadStep): string {
  const did = t(`stop.did.${step.kind}`, { n: step.amount });
  const more = step.names.length > 0 ? step.names.join(t("list.comma")) : step.kind === "set" ? step.reason : step.group || step.reason;
  return more ? t("stop.step", { did, more }) : did;
}

/** 停产撤人: how many are not out, as big as the warning itself, until it is zero; then until work is resumed. */
export function HeadCount({ stop }: { stop: EvacuationDetail }): ReactNode {
  const now = useNow();
  const [open, setOpen] = useState<CountVerb | null>(null);
  const [whole, setWhole] = useState(false);
  const over = stop.state === "resumed";
  const may = (verb: string): boolean => stop.actions.some((action) => action.verb === verb && action.allowed);
  const resume = stop.actions.find((action) => action.verb === "resume");
  const verbs = (["set", "confirm", "more", "back", "fewer"] as const).filter(may);
  const shown = whole ? stop.counts : stop.counts.slice(0, STEPS);
  const lines = [
    t("stop.ordered", { at: moment(stop.ordered_at, now), by: stop.ordered_by }),
    stop.total === null ? null : t("stop.total", { n: stop.total, out: stop.out }),
    stop.source ? t("stop.source", { source: stop.source, at: stop.counted_at ? moment(stop.counted_at, now) : "" }) : null,
  ].filter((line) => line !== null);
  return (
    <section className={`headcount headcount-${stop.state}`} aria-label={t("stop.title")}>
      <div className="headcount-big" role="status">
        <span>{t("stop.title")}</span>
        <b>{over ? (stop.resuming !== null ? t("stop.ended") : t("stop.resumed")) : stop.missing === null ? t("stop.unknown") : stop.missing === 0 ? t("stop.zero") : t("stop.missing", { n: stop.missing })}</b>
      </div>
      <div className="headcount-facts">
        <p className="facts-line">
          {lines.map((line) => (
            <span key={line}>{line}</span>
          ))}
          {stop.doubtful && <span className="headcount-doubt">{t("stop.doubtful")}</span>}
        </p>
        {!over && stop.points.length > 0 && <Positioning stop={stop} may={may("confirm")} />}
        {shown.length > 0 && (
          <ol className="headcount-steps">
            {shown.map((step) => (
              <li key={step.id}>
                <time dateTime={step.at}>{moment(step.at, now)}</time> {stepWords(step)} <i>{step.by}</i>
              </li>
            ))}
          </ol>
        )}
        {stop.counts.length > shown.length && (
          <button type="button" className="linkish" onClick={() => setWhole(true)}>
            {t("timeline.more", { n: stop.counts.length - shown.length })}
          </button>
        )}
      </div>
      {!over && (
        <div className="headcount-acts">
          {verbs.map((verb) => (
            <Button key={verb} size="large" onClick={() => setOpen(verb)}>
              {t(`stop.act.${verb}`)}
            </Button>
          ))}
          {resume && (
            <>
              {resume.allowed && (
                <Button size="large" onClick={() => setOpen("resume")}>
                  {t("stop.act.resume")}
                </Button>
              )}
              {resume.why && (
                <span className="headcount-why">
                  {t("act.why", { act: t("stop.act.resume"), why: resume.why })} {stop.resuming !== null && <Link to="/proposals">{t("operation.toProposals")}</Link>}
                </span>
              )}
            </>
          )}
        </div>
      )}
      {over && stop.resuming !== null && (
        <p className="headcount-acts">
          {t("stop.stillStopped")} <Link to="/proposals">{t("operation.toProposals")}</Link>
        </p>
      )}
      {open !== null && <Dialog stop={stop} verb={open} close={() => setOpen(null)} />}
    </section>
  );
}
