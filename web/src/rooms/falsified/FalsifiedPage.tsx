import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useParams } from "react-router";
import { asProblem } from "../../api/problem";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { dayWords } from "../sites/quality";
import { Dialog, Field } from "../people/Dialog";
import { Pair } from "./Pair";
import { useFinding, useFindingAct, useSeries, type FindingDetail, type Outcome } from "./queries";
import "./falsified.css";

function Decide({ one, outcome, close }: { one: FindingDetail; outcome: Outcome; close: () => void }): ReactNode {
  const act = useFindingAct(one.id);
  const [note, setNote] = useState("");
  const send = (): void => act.mutate({ verb: "decide", outcome, note: note.trim() }, { onSuccess: close });
  return (
    <Dialog title={t(`falsified.state.${outcome}`)} verb={t("falsified.decide")} busy={act.isPending} error={act.error} send={send} close={close} can={note.trim() !== ""}>
      <p className="second">{outcome === "normal" && one.beside === null ? t("falsified.rule.normal.alone") : t(`falsified.rule.${outcome}`)}</p>
      <Field label={t("falsified.note")}>
        <Input.TextArea rows={3} maxLength={1000} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
    </Dialog>
  );
}

function Acts({ one }: { one: FindingDetail }): ReactNode {
  const act = useFindingAct(one.id);
  const [open, setOpen] = useState<Outcome | null>(null);
  const outcomes = (["real", "fault", "normal"] as const).filter((each) => one.may.includes(each));
  if (one.may.length === 0) return null;
  return (
    <>
      <div className="falsified-acts">
        {one.may.includes("check") && <Button type="primary" loading={act.isPending} onClick={() => act.mutate({ verb: "check" })}>{t("falsified.check")}</Button>}
        {outcomes.map((each) => (
          <Button key={each} onClick={() => setOpen(each)}>{t(`falsified.state.${each}`)}</Button>
        ))}
        <span className="second">{t("falsified.quiet")}</span>
      </div>
      <NotSaved error={act.error} />
      {open !== null && <Decide one={one} outcome={open} close={() => setOpen(null)} />}
    </>
  );
}

function Facts({ one }: { one: FindingDetail }): ReactNode {
  return (
    <Panel title={t("falsified.evidence")} className="falsified-facts">
      <p className="falsified-sentence">{one.sentence}</p>
      {one.times > 1 && <p>{t("falsified.again", { n: one.times, day: dayWords(one.last_day) })}</p>}
      <p className="second">{t("falsified.noProof")}</p>
      {one.note !== "" && <p>{t("falsified.decided", { who: one.decided_by, note: one.note })}</p>}
      {one.duties.map((duty) => (
        <p key={duty.id}><Link to={`/answer/${duty.id}`}>{duty.title}</Link></p>
      ))}
      {one.siblings.length > 0 && <h3>{t("falsified.siblings")}</h3>}
      <ul className="falsified-siblings">
        {one.siblings.map((row) => (
          <li key={row.id}>
            <Link to={`/falsified/${row.id}`}>{row.point.name}{"\u3000"}{t(`falsified.kind.${row.kind}`)}</Link> <span className="tag">{t(`falsified.state.${row.state}`)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** One finding: what is to be decided first, then the two series, then why. */
export default function FalsifiedPage(): ReactNode {
  const id = Number(useParams().findingId);
  const found = useFinding(id);
  const series = useSeries(id);
  useCrumb(t("nav.falsified"), "/falsified", found.data?.point.name ?? "\u2026");
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("falsified.missing")} action={<Link to="/falsified">{t("nav.falsified")}</Link>} />;
    return <Failed error={found.error} what={t("nav.falsified")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("nav.falsified")} />;
  const one = found.data;
  return (
    <div className="page">
      <header className="falsified-head">
        <h1>{one.point.name}{"\u3000"}{t(`falsified.kind.${one.kind}`)}</h1>
        <span className="tag">{t(`falsified.state.${one.state}`)}</span>
        <Link to={`/sites/${one.site.id}`}>{one.site.name}</Link>
        <Link to={`/enterprises/${one.organisation.id}`}>{one.organisation.name}</Link>
      </header>
      <Acts one={one} />
      <Panel title={t("falsified.pair")}>
        {series.error && !series.data ? <Failed error={series.error} what={t("falsified.pair")} again={() => void series.refetch()} /> : series.data ? <Pair one={one} suspect={series.data.suspect} source={series.data.source} /> : <Loading what={t("falsified.pair")} />}
      </Panel>
      <Facts one={one} />
    </div>
  );
}
