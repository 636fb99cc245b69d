import { Input, InputNumber, Modal, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useSite, useSites } from "../../api/queries";
import { asProblem, Problem } from "../../api/problem";
import type { Point } from "../../api/types";
import { useAdopt, useItems, useSuggestion, type Adoption, type Item, type Suggestion, type Unclaimed } from "../../api/unclaimed";
import { Failed, Loading } from "../../kit/States";
import { Dialog, Field } from "../people/Dialog";
import { nameOf, patternOf } from "./adopting";
import "../people/people.css";
import "./unclaimed.css";

const OTHER = "";
/** Fields that say themselves what is wrong in them. */
const TOLD = new Set(["site", "item", "item_title", "name", "unit", "interval_s", "low", "high", "danger"]);

function general(error: unknown): unknown {
  const problem = asProblem(error);
  return error && problem.field !== null && TOLD.has(problem.field) ? new Problem(problem.status, t("adopt.wrong.above")) : error;
}

interface Props {
  rows: Unclaimed[];
  close: () => void;
  done: (points: Point[]) => void;
}

function titleOf(rows: Unclaimed[]): string {
  return rows.length === 1 ? t("adopt.title", { address: rows[0]!.address }) : t("adopt.title.many", { n: rows.length });
}

/** What the addresses measure; it begins with what they probably are. */
export function AdoptDialog({ rows, close, done }: Props): ReactNode {
  const first = useSuggestion(rows[0]!.id);
  if (first.data) return <Form rows={rows} close={close} done={done} begin={first.data} />;
  return (
    <Modal open title={titleOf(rows)} footer={null} onCancel={close}>
      {first.error ? <Failed error={first.error} what={t("what.unclaimed")} again={() => void first.refetch()} /> : <Loading what={t("what.unclaimed")} />}
    </Modal>
  );
}

/** A field with what the server found wrong in it below. */
function Told(props: { label: string; name: string; error: unknown; note?: string | undefined; children: ReactNode }): ReactNode {
  const problem = asProblem(props.error);
  const wrong = Boolean(props.error) && problem.field === props.name;
  return (
    <div className={wrong ? "adopt-wrong" : "adopt-field"}>
      <Field label={props.label} note={wrong ? t("adopt.wrong", { expected: problem.expected ?? problem.message }) : props.note}>
        {props.children}
      </Field>
    </div>
  );
}

interface Fields {
  site: number | null;
  name: string;
  item: string;
  item_title: string;
  unit: string;
  interval_s: number | null;
  low: number | null;
  high: number | null;
  danger: Suggestion["danger"];
  axis: Suggestion["axis"];
}

function Form({ rows, close, done, begin }: Props & { begin: Suggestion }): ReactNode {
  const many = rows.length > 1;
  const [fields, setFields] = useState<Fields>({
    site: begin.site?.id ?? null,
    name: many ? patternOf(begin.name, t("adopt.hole"), rows[0]!.address) : begin.name,
    item: begin.item,
    item_title: begin.item_title,
    unit: begin.unit,
    interval_s: begin.interval_s,
    low: begin.low,
    high: begin.high,
    danger: begin.danger,
    axis: begin.axis,
  });
  const [other, setOther] = useState(false);
  const set = (more: Partial<Fields>): void => setFields((now) => ({ ...now, ...more }));
  const adopt = useAdopt();
  const named = rows.map((row) => ({ id: row.id, name: many ? nameOf(fields.name, t("adopt.hole"), row.address) : fields.name.trim() }));
  const can = fields.site !== null && fields.item.trim() !== "" && fields.interval_s !== null && (!many || fields.name.includes(t("adopt.hole")));
  const send = (): void => {
    const { site, interval_s, name: _name, ...rest } = fields;
    const body: Adoption = { ...rest, item: fields.item.trim(), site: site ?? 0, interval_s: interval_s ?? 0, name: "", rows: named };
    adopt.mutate(body, { onSuccess: ({ points }) => { done(points); close(); } });
  };
  const { error } = adopt;
  return (
    <Dialog title={titleOf(rows)} verb={t("adopt.verb")} busy={adopt.isPending} error={general(error)} send={send} close={close} can={can}>
      <p className="second">{t(`adopt.by.${begin.by}`, { name: begin.like?.name ?? "" })}</p>
      <PickSite value={fields.site} name={begin.site?.name ?? ""} error={error} set={(site) => set({ site })} />
      <PickItem fields={fields} other={other} setOther={setOther} error={error} set={set} />
      <Told label={t("adopt.pattern")} name="name" error={error} note={many ? patternNote(fields.name, rows) : undefined}>
        <Input value={fields.name} maxLength={120} onChange={(event) => set({ name: event.target.value })} />
      </Told>
      <div className="adopt-row">
        <Told label={t("adopt.unit")} name="unit" error={error}>
          <Input value={fields.unit} maxLength={20} onChange={(event) => set({ unit: event.target.value })} />
        </Told>
        <Told label={t("adopt.interval")} name="interval_s" error={error} note={begin.measured_s === null ? t("adopt.interval.unknown") : t("adopt.interval.measured", { n: begin.measured_s })}>
          <InputNumber value={fields.interval_s} min={0.01} onChange={(n) => set({ interval_s: n })} />
        </Told>
      </div>
      <div className="adopt-row">
        <Told label={t("adopt.low", { unit: fields.unit })} name="low" error={error} note={t("adopt.range.note")}>
          <InputNumber value={fields.low} onChange={(n) => set({ low: n })} />
        </Told>
        <Told label={t("adopt.high", { unit: fields.unit })} name="high" error={error}>
          <InputNumber value={fields.high} onChange={(n) => set({ high: n })} />
        </Told>
      </div>
      <Told label={t("adopt.danger")} name="danger" error={error} note={t("adopt.danger.note")}>
        <Select
          value={fields.danger}
          aria-label={t("adopt.danger")}
          onChange={(danger) => set({ danger })}
          options={(["high", "low", "both", "none"] as const).map((side) => ({ value: side, label: t(`adopt.danger.${side}`) }))}
        />
      </Told>
    </Dialog>
  );
}

function patternNote(pattern: string, rows: Unclaimed[]): string {
  if (!pattern.includes(t("adopt.hole"))) return t("adopt.pattern.hole", { hole: t("adopt.hole") });
  const shown = rows.slice(0, 3).map((row) => nameOf(pattern, t("adopt.hole"), row.address)).join(t("list.comma"));
  return rows.length > 3 ? t("adopt.pattern.more", { shown, n: rows.length }) : shown;
}

function PickSite(props: { value: number | null; name: string; error: unknown; set: (id: number | null) => void }): ReactNode {
  const [q, find] = useState("");
  const list = useSites(q ? { q } : {});
  const options = (list.data?.pages.flatMap((page) => page.items) ?? []).map((site) => ({ value: site.id, label: site.name }));
  // The one proposed may stand on a later page of the list.
  if (props.name !== "" && q === "" && props.value !== null && !options.some((one) => one.value === props.value)) options.unshift({ value: props.value, label: props.name });
  return (
    <Told label={t("point.site")} name="site" error={props.error}>
      <Select
        showSearch={{ filterOption: false, onSearch: find }}
        value={props.value}
        aria-label={t("point.site")}
        placeholder={t("form.pick")}
        loading={list.isFetching}
        options={options}
        notFoundContent={t("adopt.site.none")}
        onChange={(id?: number | null) => props.set(id ?? null)}
      />
    </Told>
  );
}

/** An item of the packs brings its unit, range and dangerous side; another must be named. */
function PickItem(props: { fields: Fields; other: boolean; setOther: (on: boolean) => void; error: unknown; set: (more: Partial<Fields>) => void }): ReactNode {
  const { fields, set } = props;
  const kind = useSite(fields.site ?? 0).data?.kind ?? "";
  const list = useItems(kind);
  const items: Item[] = list.data?.items ?? [];
  const known = items.some((one) => one.id === fields.item);
  const other = props.other || (fields.item !== "" && list.isSuccess && !known);
  const packs = [...new Set(items.map((one) => one.pack))];
  const options = [
    ...packs.map((pack) => ({
      label: pack,
      options: items.filter((one) => one.pack === pack).map((one) => ({ value: one.id, label: one.unit === "" ? one.title : `${one.title} ${one.unit}` })),
    })),
    { label: t("adopt.item.others"), options: [{ value: OTHER, label: t("adopt.item.other") }] },
  ];
  const pick = (id: string): void => {
    props.setOther(id === OTHER);
    const item = items.find((one) => one.id === id);
    if (!item) return set({ item: "", item_title: "", axis: "up" });
    set({ item: id, item_title: item.title, unit: item.unit, danger: item.danger, axis: item.axis, low: item.low, high: item.high });
  };
  const shown = other ? OTHER : fields.item === "" ? null : fields.item;
  return (
    <>
      <Told label={t("point.item")} name={other ? "" : "item"} error={props.error} note={other ? t("adopt.item.unwatched") : undefined}>
        <Select
          showSearch={{ optionFilterProp: "label" }}
          value={list.isSuccess || shown === null ? shown : fields.item_title}
          aria-label={t("point.item")}
          placeholder={t("adopt.item.pick")}
          loading={list.isFetching}
          options={options}
          onChange={pick}
        />
      </Told>
      {other && (
        <div className="adopt-row">
          <Told label={t("adopt.item.code")} name="item" error={props.error} note={t("adopt.item.code.note")}>
            <Input value={fields.item} maxLength={60} onChange={(event) => { props.setOther(true); set({ item: event.target.value }); }} />
          </Told>
          <Told label={t("adopt.item.title")} name="item_title" error={props.error}>
            <Input value={fields.item_title} maxLength={60} onChange={(event) => set({ item_title: event.target.value })} />
          </Told>
        </div>
      )}
    </>
  );
}
