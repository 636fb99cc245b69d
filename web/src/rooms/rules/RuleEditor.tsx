import { Button, Input } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import type { RuleDetail } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { NotSaved } from "../../kit/States";
import { figure } from "../../time/figure";
import { fieldsOf, hasLimits, isBand, levelsOf, stepsOf, valueAt, type Draft, type Texts } from "./draft";
import { wrongWords } from "./newrule";

interface FieldProps {
  rule: RuleDetail;
  field: string;
  label: string;
  texts: Texts;
  set: (field: string, text: string) => void;
  wrong: Draft["wrong"];
}

function Field({ rule, field, label, texts, set, wrong }: FieldProps): ReactNode {
  const id = `rule-${field}`;
  const text = texts[field] ?? "";
  const now = valueAt(rule.params, field);
  const moved = text.trim() !== (now === null ? "" : String(now));
  return (
    <div className={`rule-field${moved ? " rule-moved" : ""}`}>
      <label htmlFor={id}>{label}</label>
      <span className="second">{now === null ? t("ruleEdit.none") : figure(now)}</span>
      <Input id={id} inputMode="decimal" value={text} onChange={(event) => set(field, event.target.value)} aria-invalid={wrong[field] !== undefined} aria-describedby={wrong[field] === undefined ? undefined : `${id}-wrong`} />
      {wrong[field] !== undefined && (
        <p className="fieldwrong" id={`${id}-wrong`} role="alert">
          {wrongWords(rule.kind, field, wrong[field])}
        </p>
      )}
    </div>
  );
}

/** The limits and the other parameters of a rule, each beside what it says now. */
export function Fields({ rule, texts, set, wrong }: Omit<FieldProps, "field" | "label">): ReactNode {
  const band = isBand(rule.params);
  const side = rule.params.direction === "low" || rule.kind === "forecast" ? "\u2264" : "\u2265";
  const steps = stepsOf(rule.params);
  const field = (name: string, label: string): ReactNode => <Field key={name} rule={rule} field={name} label={label} texts={texts} set={set} wrong={wrong} />;
  return (
    <div className="rule-fields">
      <div className="rule-field rule-field-head second" aria-hidden>
        <span>{hasLimits(rule.kind) ? t("ruleEdit.limits", { unit: rule.levels_unit }) : t("ruleEdit.parameter")}</span>
        <span>{t("ruleEdit.now")}</span>
        <span>{t("ruleEdit.becomes")}</span>
      </div>
      {hasLimits(rule.kind) &&
        levelsOf(rule.kind).map((level) => (
          <div key={level} className="rule-level">
            <LevelMark level={level} size={20} label="" />
            <div>{band ? [field(`levels.${level}.0`, `${t(`level.${level}.word`)} \u2264`), field(`levels.${level}.1`, `${t(`level.${level}.word`)} \u2265`)] : field(`levels.${level}`, `${t(`level.${level}.word`)} ${side}`)}</div>
          </div>
        ))}
      {steps.map((step, at) => field(`steps.${at}.count`, t("ruleEdit.step", { level: t(`level.${step.level}.word`), to: t(`level.${step.to}.word`) })))}
      {fieldsOf(rule.kind, rule.params)
        .filter((name) => !name.includes("."))
        .map((name) => field(name, t(`ruleEdit.param.${name}`)))}
    </div>
  );
}

interface SendProps {
  /** Null while it is not known, or will not be: the texts are wrong, or the county could not be asked. */
  effect: "nothing" | "at_once" | "second_person" | null;
  /** Whether the county is being asked for it. */
  looking: boolean;
  reason: string;
  setReason: (text: string) => void;
  busy: boolean;
  error: unknown;
  send: () => void;
  /** What else may be done with the change before it is asked for. */
  children?: ReactNode;
}

/** Why, what it would do, and the one button. */
export function Send({ effect, looking, reason, setReason, busy, error, send, children }: SendProps): ReactNode {
  const ready = effect !== null && effect !== "nothing" && reason.trim() !== "";
  return (
    <div className="rule-send">
      <label htmlFor="rule-reason">{t("ruleEdit.reason")}</label>
      <Input.TextArea id="rule-reason" rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      <p className="rule-effect" role="status">
        {effect !== null ? t(`ruleEdit.effect.${effect}`) : looking && t("ruleEdit.effect.unknown")}
      </p>
      <div className="rule-doors">
        {children}
        <Button type="primary" disabled={!ready} loading={busy} onClick={send}>
          {effect === "second_person" ? t("ruleEdit.propose") : t("ruleEdit.apply")}
        </Button>
      </div>
      <NotSaved error={error} />
    </div>
  );
}
