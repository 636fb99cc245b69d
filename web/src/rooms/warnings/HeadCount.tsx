import { Button, Input, InputNumber, Modal } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useCount, type CountVerb } from "../../api/evacuations";
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

/** A page without TLS on the county's own network has no randomUUID. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16).padStart(8, "0")).join("");
}

function Dialog({ stop, verb, close }: { stop: EvacuationDetail; verb: CountVerb; close: () => void }): ReactNode {
  const act = useCount();
  const [key] = useState(newKey);
  const [amount, setAmount] = useState<number | null>(verb === "confirm" ? stop.missing : null);
  const [list, setList] = useState("");
  const [words, setWords] = useState("");
  const [told, setTold] = useState(false);
  const names = namesIn(list);
  const counts = verb !== "resume" && names.length === 0;
  const lack = counts && amount === null ? t("stop.needAmount") : verb !== "confirm" && words.trim() === "" ? t(`stop.words.${verb}`) : null;
  const send = (): void => {
    setTold(true);
    if (lack === null) act.mutate({ id: stop.id, verb, key, amount, names, words: words.trim() }, { onSuccess: close });
  };
  return (
    <Modal open title={t(`stop.act.${verb}`)} okText={t(`stop.act.${verb}`)} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={send} onCancel={close} width={520}>
      <p className="second">{verb === "fewer" ? t("stop.fewer.means") : stop.words}</p>
      {verb === "confirm" && (
        <>
          <label htmlFor="names">{t("stop.names")}</label>
          <Input.TextArea id="names" rows={3} value={list} onChange={(event) => setList(event.target.value)} placeholder={t("stop.names.how")} />
        </>
      )}
      {counts && (
        <>
          <label htmlFor="amount">{verb === "confirm" ? t("stop.orAmount") : t("stop.amount")}</label>
          <InputNumber id="amount" className="headcount-amount" min={verb === "set" ? 0 : 1} max={5000} precision={0} value={amount} onChange={(value) => setAmount(value)} suffix={t("stop.unit")} />
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
      <NotSaved error={act.error} />
    </Modal>
  );
}

/** What the positioning system sees now; a person confirms by it, it confirms nothing by itself. */
function Positioning({ stop, may }: { stop: EvacuationDetail; may: boolean }): ReactNode {
  const act = useCount();
  const now = useNow();
  const point = usePoint(stop.points[0] ?? 0).data;
  const latest = point?.latest;
  if (!point || !latest || latest.value === null) return null;
  const old = isStale(point, now);
  return (
    <p className="headcount-seen">
      {old ? t("stop.seenOld", { n: latest.value, at: clockTime(latest.ts) }) : t("stop.seen", { n: latest.value, ago: ago(latest.ts, now) })}
      {may && !old && stop.missing !== null && latest.value < stop.missing && (
        <Button size="small" loading={act.isPending} onClick={() => act.mutate({ id: stop.id, verb: "positioning", key: newKey(), amount: null, names: [], words: "" })}>
          {t("stop.act.positioning")}
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
              <Button size="large" disabled={!resume.allowed} aria-describedby="why-resume" onClick={() => setOpen("resume")}>
                {t("stop.act.resume")}
              </Button>
              {resume.why && (
                <span id="why-resume" className="headcount-why">
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
