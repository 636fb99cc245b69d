import { Button, Modal, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { asProblem } from "../../api/problem";
import type { Me, RuleDetail } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useNow } from "../../time/server";
import { date, moment } from "../../time/words";
import { SilenceDialog } from "../warnings/SilenceDialog";
import { mayBacktest, textsOfAddress } from "./backtest";
import { draftOf, holds, same, textsOf, type Params, type Texts } from "./draft";
import { Unchecked } from "./Packs";
import { useChangeCheck, useProposeChange, useRule, useSettled } from "./queries";
import { Fields, Send } from "./RuleEditor";
import { TrialView } from "./TrialView";
import { ruleTitle } from "./words";
import "./rules.css";
import "./rule.css";

type Said = "force" | "waits" | null;

function Edit({ rule }: { rule: RuleDetail }): ReactNode {
  // Only what was typed is held: where nothing was, the form follows the rule.
  const [search] = useSearchParams();
  const [typed, setTyped] = useState<Texts>(() => textsOfAddress(search.get("levels")));
  const [begun, setBegun] = useState(rule.version);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState<Said>(null);
  const [tried, setTried] = useState<string | null>(null);
  const texts = { ...textsOf(rule.kind, rule.params), ...typed };
  const draft = draftOf(rule.kind, rule.params, texts);
  const whole = Object.keys(draft.wrong).length === 0;
  const changed = whole && !same(draft.params, rule.params);
  const overtaken = Object.keys(typed).length > 0 && begun !== rule.version;
  const settled = useSettled(JSON.stringify(draft.params), 350);
  const fresh = settled === JSON.stringify(draft.params);
  const check = useChangeCheck(rule, changed && fresh ? draft.params : null);
  const act = useProposeChange(rule.id);
  const set = (field: string, text: string): void => {
    if (Object.keys(typed).length === 0) setBegun(rule.version);
    setTyped((now) => ({ ...now, [field]: text }));
    setSaid(null);
    act.reset();
  };
  const send = (): void => {
    const asked = { params: check.data?.params ?? draft.params, enabled: rule.enabled };
    act.mutate(
      { params: draft.params, enabled: rule.enabled, reason: reason.trim() },
      {
        onSuccess: (answer) => {
          setSaid(holds(answer, asked) ? "force" : "waits");
          setTyped({});
          setReason("");
          setTried(null);
        },
      },
    );
  };
  const effect = whole && !changed ? "nothing" : changed && check.data ? check.data.effect : null;
  return (
    <div className={rule.point ? "rule-work" : undefined}>
      <Panel title={t("ruleEdit.title")} note={t("ruleEdit.note")}>
        {said !== null && (
          <p className="rule-said" role="status">
            {t(`ruleEdit.said.${said}`)} {said === "waits" && <Link to="/proposals">{t("silence.toProposals")}</Link>}
          </p>
        )}
        {search.has("levels") && Object.keys(typed).length > 0 && <p className="second">{t("backtest.filled")}</p>}
        {overtaken && (
          <p className="rule-said" role="status">
            {t("ruleEdit.overtaken", { version: rule.version })}
          </p>
        )}
        <Fields rule={rule} texts={texts} set={set} wrong={draft.wrong} />
        <NotSaved error={check.error} />
        <Send effect={effect} looking={changed && (!fresh || check.isFetching)} reason={reason} setReason={setReason} busy={act.isPending} error={act.error} send={send}>
          {rule.point && (
            <Button disabled={!changed} onClick={() => setTried(JSON.stringify(draft.params))}>
              {t("trial.try")}
            </Button>
          )}
        </Send>
      </Panel>
      {tried !== null && <TrialView rule={rule} of={{ params: JSON.parse(tried) as Params, enabled: rule.enabled }} stale={tried !== JSON.stringify(draft.params)} />}
    </div>
  );
}

function Switch({ rule }: { rule: RuleDetail }): ReactNode {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const act = useProposeChange(rule.id);
  const verb = rule.enabled ? t("ruleEdit.off") : t("ruleEdit.on");
  const close = (): void => {
    setAsking(false);
    act.reset();
  };
  return (
    <>
      <Button onClick={() => setAsking(true)}>{verb}</Button>
      {asking && (
        <Modal open title={`${verb} ${ruleTitle(rule)}`} okText={verb} okButtonProps={{ disabled: reason.trim() === "" }} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={() => act.mutate({ enabled: !rule.enabled, reason: reason.trim() }, { onSuccess: close })} onCancel={close}>
          <p className="second">{rule.enabled ? t("ruleEdit.off.words") : t("ruleEdit.on.words")}</p>
          <label htmlFor="switch-reason">{t("ruleEdit.reason")}</label>
          <Input.TextArea id="switch-reason" rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
          <NotSaved error={act.error} />
        </Modal>
      )}
    </>
  );
}

function Versions({ rule }: { rule: RuleDetail }): ReactNode {
  const now = useNow();
  return (
    <Panel title={t("ruleEdit.versions")} note={t("ruleEdit.versions.note", { n: rule.versions.length })}>
      <ul className="rules-list">
        {rule.versions.map((one) => (
          <li key={one.number}>
            <p>
              <b>{t("rule.version", { version: one.number })}</b> <span className="tag">{t(`ruleEdit.state.${one.state}`)}</span>
            </p>
            <p>{one.enabled ? one.sentence : t("rule.off")}</p>
            <p className="second">{one.reason}</p>
            <p className="second">
              {t("proposal.who", { who: one.proposed_by || t("ruleEdit.county"), at: moment(one.proposed_at, now) })}
              {one.decided_by !== "" && one.decided_at !== null && ` \u00b7 ${t(`ruleEdit.decided.${one.state === "rejected" ? "against" : "for"}`, { who: one.decided_by, at: moment(one.decided_at, now) })}`}
            </p>
            {one.proposal !== null && <Link to="/proposals">{t("ruleEdit.toProposal")}</Link>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Basis({ rule, me }: { rule: RuleDetail; me: Me }): ReactNode {
  const [silencing, setSilencing] = useState(false);
  return (
    <Panel title={t("ruleEdit.basis")}>
      <ul className="rules-list rule-basis">
        <li>
          {rule.cite || t("ruleEdit.noCite")} <Unchecked verified={rule.verified} />
        </li>
        {rule.pack !== "" && (
          <li>
            <Link to={`/rules/${rule.pack_name}`}>{rule.pack}</Link>
            <p className="second">{t("ruleEdit.fromPack")}</p>
          </li>
        )}
        <li className="rule-doors">
          <Link to={`/sites/${rule.site.id}/watch`}>{t("ruleEdit.toWatch")}</Link>
          <Link to="/silences">{t("nav.silences")}</Link>
          {rule.point && me.permissions.includes("silence.ask") && <Button onClick={() => setSilencing(true)}>{t("silence.ask")}</Button>}
        </li>
        {rule.may_edit && (
          <li className="rule-doors">
            <Switch rule={rule} />
          </li>
        )}
      </ul>
      {silencing && <SilenceDialog place={{ site: rule.site, point: rule.point, warning: null }} mayAlone={me.permissions.includes("silence.grant")} close={() => setSilencing(false)} />}
    </Panel>
  );
}

/** One rule: what it says and why, what it said before, and how it is changed. */
export function RulePage({ me }: { me: Me }): ReactNode {
  const found = useRule(Number(useParams().ruleId));
  useCrumb(t("nav.rules"), "/rules", found.data ? ruleTitle(found.data) : "\u2026");
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("ruleEdit.missing")} action={<Link to="/rules">{t("rules.toList")}</Link>} />;
    return <Failed error={found.error} what={t("what.rule")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("what.rule")} />;
  const rule = found.data;
  const words = { place: rule.point?.name ?? rule.site.name, title: ruleTitle(rule), says: rule.sentence };
  return (
    <div className="page">
      <header className="rules-head">
        <h1>{rule.enabled ? t("ruleEdit.sentence", words) : t("ruleEdit.sentence.off", words)}</h1>
        <p className="second rule-doors">
          <Link to={`/sites/${rule.site.id}`}>{rule.site.name}</Link>
          {rule.point && <Link to={`/points/${rule.point.id}`}>{rule.point.name}</Link>}
          <span>{t("rule.version", { version: rule.version })}</span>
          {mayBacktest(rule) && <Link to={`/rules/id/${rule.id}/backtest`}>{t("backtest.title")}</Link>}
        </p>
        {rule.learning_until !== null && <p className="note">{t("rule.learning", { until: date(rule.learning_until) })}</p>}
      </header>
      <div className="rules-body">
        <div className="rules-column">
          {rule.may_edit ? <Edit key={rule.id} rule={rule} /> : <p className="second">{t("ruleEdit.readOnly")}</p>}
        </div>
        <div className="rules-column">
          <Basis rule={rule} me={me} />
          <Versions rule={rule} />
        </div>
      </div>
    </div>
  );
}
