import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { usePoint } from "../../api/queries";
import { asProblem } from "../../api/problem";
import type { PointDetail } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { useCrumb } from "../../kit/shell/crumb";
import { draftOf, fieldsOf, hasLimits, isBand, levelsOf, type Params, type Texts, type Wrong } from "./draft";
import { begun, choices, chosen, fieldOf, kinds, learnsWords, levelsUnit, wrongWords, type Kind } from "./newrule";
import { useMakeRule } from "./queries";
import "./rules.css";
import "./rule.css";

interface TypedProps {
  name: string;
  label: string;
  text: string;
  set: (text: string) => void;
  wrong: string | null;
}

function Typed({ name, label, text, set, wrong }: TypedProps): ReactNode {
  const id = `new-${name}`;
  return (
    <div className="rule-field">
      <label htmlFor={id}>{label}</label>
      <span />
      <Input id={id} inputMode="decimal" value={text} onChange={(event) => set(event.target.value)} aria-invalid={wrong !== null} aria-describedby={wrong === null ? undefined : `${id}-wrong`} />
      {wrong !== null && (
        <p className="fieldwrong" id={`${id}-wrong`} role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

function Chosen({ name, value, options, set, wrong }: { name: string; value: string; options: readonly string[]; set: (value: string) => void; wrong: string | null }): ReactNode {
  const id = `new-${name}`;
  return (
    <div className="rule-choice">
      <label htmlFor={id}>{t(`newRule.choice.${name}`)}</label>
      <Select id={id} value={value} onChange={set} options={options.map((one) => ({ value: one, label: t(`newRule.${name}.${one}`) }))} />
      {wrong !== null && (
        <p className="fieldwrong" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

interface Typing {
  kind: Kind;
  params: Params;
  texts: Texts;
  set: (field: string, text: string) => void;
  wrongOf: (field: string) => string | null;
  unit: string;
}

/** The limits of the kind, and its other parameters. */
function Numbers({ kind, params, texts, set, wrongOf, unit }: Typing): ReactNode {
  const side = params.direction === "low" || kind === "forecast" ? "\u2264" : "\u2265";
  const typed = (name: string, label: string): ReactNode => <Typed key={name} name={name} label={label} text={texts[name] ?? ""} set={(text) => set(name, text)} wrong={wrongOf(name)} />;
  return (
    <div className="rule-fields">
      {hasLimits(kind) && (
        <>
          <p className="second">{t("newRule.limits", { unit: levelsUnit(kind, unit, params) })}</p>
          {levelsOf(kind).map((level) => (
            <div key={level} className="rule-level">
              <LevelMark level={level} size={20} label="" />
              <div>
                {isBand(params)
                  ? [typed(`levels.${level}.0`, `${t(`level.${level}.word`)} \u2264`), typed(`levels.${level}.1`, `${t(`level.${level}.word`)} \u2265`)]
                  : typed(`levels.${level}`, `${t(`level.${level}.word`)} ${side}`)}
              </div>
            </div>
          ))}
        </>
      )}
      {fieldsOf(kind, params)
        .filter((name) => !name.includes("."))
        .map((name) => typed(name, t(`ruleEdit.param.${name}`)))}
    </div>
  );
}

function Form({ point }: { point: PointDetail }): ReactNode {
  const navigate = useNavigate();
  const [kind, setKind] = useState<Kind>("threshold");
  const [picked, setPicked] = useState<Record<string, string>>({});
  const [typed, setTyped] = useState<Texts>({});
  const [title, setTitle] = useState("");
  const [reason, setReason] = useState("");
  // Limits that nobody has filled in yet are not called wrong before somebody wants to keep the rule.
  const [asked, setAsked] = useState(false);
  const act = useMakeRule();
  const base = chosen(kind, picked);
  const texts = { ...begun(kind, point.interval_s), ...typed };
  const draft = draftOf(kind, base, texts);
  const fields = fieldsOf(kind, base);
  const refused = asProblem(act.error);
  const asks = Object.entries(choices[kind]).filter(([name]) => name === "period" || (name in base && base.form !== "count"));
  // What is said of a field that the form does not show is said below it.
  const about = act.error ? fieldOf(kind, refused.field, [...fields, ...asks.map(([name]) => name)]) : null;
  const touch = (): void => {
    if (act.error) act.reset();
  };
  const wrongOf = (field: string): string | null => {
    const wrong: Wrong | undefined = draft.wrong[field];
    if (wrong !== undefined && (asked || typed[field] !== undefined)) return wrongWords(kind, field, wrong);
    return about === field ? (refused.expected ?? refused.message) : null;
  };
  const begin = (next: Kind): void => {
    setKind(next);
    setPicked({});
    setTyped({});
    setAsked(false);
    act.reset();
  };
  const save = (): void => {
    setAsked(true);
    if (Object.keys(draft.wrong).length > 0 || reason.trim() === "") return;
    act.mutate({ point: point.id, kind, params: draft.params, reason: reason.trim(), title: title.trim() }, { onSuccess: (made) => void navigate(`/rules/id/${made.rules[0]?.id ?? 0}`) });
  };
  const learns = kind === "anomaly" ? learnsWords(draft.params, point.interval_s) : null;
  const noReason = asked && reason.trim() === "";
  return (
    <Panel title={t("newRule.title")} note={t("newRule.note")}>
      <div className="rule-choice">
        <label htmlFor="new-kind">{t("newRule.kind")}</label>
        <Select id="new-kind" value={kind} onChange={begin} options={kinds.map((one) => ({ value: one, label: t(`rule.kind.${one}`) }))} />
      </div>
      <p className="second">{t(`newRule.what.${kind}`)}</p>
      {asks.map(([name, options]) => (
        <Chosen
          key={name} name={name} value={picked[name] ?? options[0] ?? ""} options={options} wrong={about === name ? (refused.expected ?? refused.message) : null}
          set={(value) => {
            setPicked((now) => ({ ...now, [name]: value }));
            touch();
          }}
        />
      ))}
      <Numbers
        kind={kind} params={base} texts={texts} wrongOf={wrongOf} unit={point.unit}
        set={(field, text) => {
          setTyped((now) => ({ ...now, [field]: text }));
          touch();
        }}
      />
      {learns !== null && (
        <p className="rule-effect" role="status">
          {learns}
        </p>
      )}
      <div className="rule-send">
        <label htmlFor="new-title">{t("newRule.name")}</label>
        <Input id="new-title" maxLength={120} value={title} onChange={(event) => setTitle(event.target.value)} placeholder={t(`rule.kind.${kind}`)} />
        <label htmlFor="new-reason">{t("newRule.reason")}</label>
        <Input.TextArea id="new-reason" rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} aria-invalid={noReason} aria-describedby={noReason ? "new-reason-wrong" : undefined} />
        {noReason && (
          <p className="fieldwrong" id="new-reason-wrong" role="alert">
            {t("newRule.reason.missing")}
          </p>
        )}
        <div className="rule-doors">
          <Button type="primary" loading={act.isPending} onClick={save}>
            {t("newRule.save")}
          </Button>
        </div>
        {about === null && <NotSaved error={act.error} />}
      </div>
    </Panel>
  );
}

/** A rule of a point made by hand: it only adds warnings, so it holds at once. */
export function NewRulePage(): ReactNode {
  const id = Number(useParams().pointId);
  const me = useMe();
  const found = usePoint(id);
  useCrumb(found.data?.name ?? "\u2026", `/points/${id}`, t("newRule.crumb"));
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("point.missing")} action={<Link to="/points">{t("point.toList")}</Link>} />;
    return <Failed error={found.error} what={t("what.point")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("what.point")} />;
  const point = found.data;
  return (
    <div className="page">
      <header className="rules-head">
        <h1>{t("newRule.sentence", { point: point.name, n: point.rules.filter((rule) => rule.enabled).length })}</h1>
        <p className="second rule-doors">
          <Link to={`/points/${point.id}`}>{point.name}</Link>
          <Link to={`/sites/${point.site.id}/watch`}>{t("ruleEdit.toWatch")}</Link>
        </p>
      </header>
      <div className="rules-column">{me.permissions.includes("rule.edit") ? <Form key={point.id} point={point} /> : <p className="second">{t("ruleEdit.readOnly")}</p>}</div>
    </div>
  );
}
