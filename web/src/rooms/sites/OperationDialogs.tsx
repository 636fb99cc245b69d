import { Checkbox, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import type { Doing, useOperationAct } from "../../api/operation";
import { serverNow } from "../../time/server";
import { Dialog, Field } from "../people/Dialog";
import { instantOf, localOf } from "../warnings/silencetime";
import "../people/people.css";

interface Props {
  name: string;
  act: ReturnType<typeof useOperationAct>;
  close: () => void;
}

/** Why, by which document, from when. A stop holds at once; going back says that it waits. */
export function StateDialog({ name, verb, to, two, act, close }: Props & { verb: string; to: Doing; two: boolean }): ReactNode {
  const [reason, setReason] = useState("");
  const [document, setDocument] = useState("");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const send = (): void => act.mutate({ verb: "state", body: { state: to, reason: reason.trim(), document: document.trim(), from_at: two ? null : instantOf(from), planned_end: to === "producing" ? null : instantOf(until) } }, { onSuccess: close });
  return (
    <Dialog title={t("operation.dialog", { verb, name })} verb={two ? t("operation.propose", { verb }) : verb} busy={act.isPending} error={act.error} send={send} close={close} can={reason.trim() !== ""}>
      <p className="second">{two ? t("operation.rule.two") : t("operation.rule.one")}</p>
      <Field label={t("operation.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      <Field label={t("operation.document")}>
        <Input maxLength={200} placeholder={t("operation.document.hint")} value={document} onChange={(event) => setDocument(event.target.value)} />
      </Field>
      {(!two || to !== "producing") && (
        <div className="prow">
          {!two && (
            <Field label={t("operation.from")} note={t("operation.from.now")}>
              <Input type="datetime-local" max={localOf(serverNow())} value={from} onChange={(event) => setFrom(event.target.value)} />
            </Field>
          )}
          {to !== "producing" && (
            <Field label={t("operation.until")} note={t("operation.until.note")}>
              <Input type="datetime-local" min={localOf(serverNow())} value={until} onChange={(event) => setUntil(event.target.value)} />
            </Field>
          )}
        </div>
      )}
    </Dialog>
  );
}

const week = [0, 1, 2, 3, 4, 5, 6] as const;

/** 放炮时段 by the county's clock; it holds once a second person has agreed. */
export function BlastingDialog({ name, act, close }: Props): ReactNode {
  const today = localOf(serverNow()).slice(0, 10);
  const [weekdays, setWeekdays] = useState<number[]>([...week]);
  const [start, setStart] = useState("11:30");
  const [end, setEnd] = useState("12:30");
  const [first, setFirst] = useState(today);
  const [last, setLast] = useState(localOf(serverNow() + 30 * 86_400_000).slice(0, 10));
  const [reason, setReason] = useState("");
  const [document, setDocument] = useState("");
  const send = (): void => act.mutate({ verb: "blasting", body: { weekdays, start, end, first_day: first, last_day: last, reason: reason.trim(), document: document.trim() } }, { onSuccess: close });
  const can = reason.trim() !== "" && weekdays.length > 0 && start !== "" && end !== "" && first !== "" && last !== "";
  return (
    <Dialog title={t("operation.dialog", { verb: t("operation.windows"), name })} verb={t("operation.propose", { verb: t("operation.windows") })} busy={act.isPending} error={act.error} send={send} close={close} can={can}>
      <p className="second">{t("operation.rule.blasting")}</p>
      <Checkbox.Group className="operation-days" value={weekdays} onChange={(days) => setWeekdays(days as number[])} options={week.map((day) => ({ value: day, label: t(`operation.day.${day}`) }))} aria-label={t("operation.days")} />
      <div className="prow">
        <Field label={t("operation.start")}>
          <Input type="time" value={start} onChange={(event) => setStart(event.target.value)} />
        </Field>
        <Field label={t("operation.end")}>
          <Input type="time" value={end} onChange={(event) => setEnd(event.target.value)} />
        </Field>
      </div>
      <div className="prow">
        <Field label={t("operation.first")}>
          <Input type="date" value={first} onChange={(event) => setFirst(event.target.value)} />
        </Field>
        <Field label={t("operation.last")}>
          <Input type="date" min={today} value={last} onChange={(event) => setLast(event.target.value)} />
        </Field>
      </div>
      <Field label={t("operation.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      <Field label={t("operation.document")}>
        <Input maxLength={200} placeholder={t("operation.document.blasting")} value={document} onChange={(event) => setDocument(event.target.value)} />
      </Field>
    </Dialog>
  );
}
