import { Modal, Select } from "antd";
import { t } from "i18next";
import { useRef, useState, type ReactNode } from "react";
import { NotSaved } from "../../kit/States";
import { useOrganisations, usePersons, usePosts, useSiteOptions, useTerritories } from "./queries";

interface Props {
  title: string;
  verb: string;
  busy: boolean;
  error: unknown;
  send: () => void;
  close: () => void;
  children: ReactNode;
  can?: boolean;
  /** Labels of what must still be filled in, see `lacking`. */
  lacks?: readonly string[];
}

/** Of fields that must be filled in, the labels of those that are not. Pure. */
export function lacking(fields: readonly (readonly [label: string, filled: boolean])[]): string[] {
  return fields.filter(([, filled]) => !filled).map(([label]) => label);
}

/** A form in a dialog; what was filled in stays when saving failed. */
export function Dialog(props: Props): ReactNode {
  const lacks = props.lacks ?? [];
  return (
    <Modal open title={props.title} okText={props.verb} cancelText={t("act.back")} confirmLoading={props.busy} okButtonProps={{ disabled: props.can === false || lacks.length > 0 }} onOk={props.send} onCancel={props.close} destroyOnHidden>
      <div className="pform">
        {props.children}
        {lacks.length > 0 && <p className="second">{t("form.lacks", { what: lacks.join(t("list.and")) })}</p>}
        <NotSaved error={props.error} />
      </div>
    </Modal>
  );
}

/** A field with its label above it. */
export function Field({ label, note, children }: { label: string; note?: string | undefined; children: ReactNode }): ReactNode {
  return (
    <label className="pfield">
      <span>{label}</span>
      {children}
      {note !== undefined && <i>{note}</i>}
    </label>
  );
}

export interface Option {
  value: number;
  label: string;
}

/** The options found now, and whatever is chosen though it is not among them: never shown as a bare number. Pure. */
export function withChosen(found: readonly Option[], chosen: readonly number[], seen: ReadonlyMap<number, string>): Option[] {
  const here = new Set(found.map((one) => one.value));
  return [...chosen.filter((id) => !here.has(id)).map((id) => ({ value: id, label: seen.get(id) ?? "\u2026" })), ...found];
}

/** The options to show; remembers every name it has shown. */
function useOptions(found: readonly Option[], chosen: readonly number[], known: Option | null | undefined): Option[] {
  const seen = useRef(new Map<number, string>());
  if (known) seen.current.set(known.value, known.label);
  for (const one of found) seen.current.set(one.value, one.label);
  return withChosen(found, chosen, seen.current);
}

/** Until the server has answered, nothing is offered that is not what was typed: Enter must not take the wrong one. Pure. */
export function fits(typed: string, option: { label?: unknown } | undefined): boolean {
  return String(option?.label ?? "").toLowerCase().includes(typed.trim().toLowerCase());
}

/** Under the options, when not all are listed: how many more there are, and how to come by them. */
function Rest({ menu, n }: { menu: ReactNode; n: number }): ReactNode {
  return (
    <>
      {menu}
      {n > 0 && <p className="pick-rest">{t("people.pick.rest", { n })}</p>}
    </>
  );
}

interface Pick {
  label: string;
  value: number | null;
  set: (id: number | null) => void;
  /** What is chosen already, by name: it need not be among those the server lists first. */
  known?: Option | null;
  organisation?: number | undefined;
}

interface Found {
  options: readonly Option[];
  count: number;
  find: (q: string) => void;
  busy: boolean;
}

function Choice(props: Pick & Found): ReactNode {
  const options = useOptions(props.options, props.value === null ? [] : [props.value], props.known);
  return (
    <Field label={props.label}>
      <Select
        showSearch={{ filterOption: fits, onSearch: props.find }}
        allowClear
        value={props.value}
        aria-label={props.label}
        placeholder={t("form.pick")}
        loading={props.busy}
        options={options}
        notFoundContent={props.busy ? t("people.pick.seeking") : t("people.pick.none")}
        popupRender={(menu) => <Rest menu={menu} n={props.count - props.options.length} />}
        onChange={(id?: number | null) => props.set(id ?? null)}
      />
    </Field>
  );
}

export function PickPost(props: Pick & { onShift?: boolean }): ReactNode {
  const [q, find] = useState("");
  const list = usePosts({ ...(q ? { q } : {}), ...(props.onShift ? { on_shift: true } : {}), ...(props.organisation ? { organisation: props.organisation } : {}) });
  const options = (list.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.organisation.name} ${p.title}` }));
  return <Choice {...props} options={options} count={list.data?.count ?? 0} find={find} busy={list.isFetching} />;
}

/** With `post`: those who may sit on it, its own organisation's first. */
export function PickPerson(props: Pick & { post?: number | undefined }): ReactNode {
  const [q, find] = useState("");
  const list = usePersons({ ...(q ? { q } : {}), ...(props.post ? { for_post: props.post } : {}), ...(props.organisation ? { organisation: props.organisation } : {}) });
  const options = (list.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.name} ${p.organisation?.name ?? ""}` }));
  return <Choice {...props} options={options} count={list.data?.count ?? 0} find={find} busy={list.isFetching} />;
}

export function PickPersons(props: { label: string; value: number[]; set: (ids: number[]) => void; post?: number | null }): ReactNode {
  const [q, find] = useState("");
  const list = usePersons({ ...(q ? { q } : {}), ...(props.post ? { for_post: props.post } : {}) });
  const found = (list.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.name} ${p.organisation?.name ?? ""}` }));
  const options = useOptions(found, props.value, null);
  return (
    <Field label={props.label}>
      <Select
        mode="multiple"
        showSearch={{ filterOption: fits, onSearch: find }}
        value={props.value}
        aria-label={props.label}
        placeholder={t("form.pick")}
        options={options}
        notFoundContent={list.isFetching ? t("people.pick.seeking") : t("people.pick.none")}
        popupRender={(menu) => <Rest menu={menu} n={(list.data?.count ?? 0) - found.length} />}
        onChange={(ids: number[]) => props.set(ids)}
      />
    </Field>
  );
}

export function PickOrganisation(props: Pick): ReactNode {
  const [q, find] = useState("");
  const list = useOrganisations(q ? { q } : {});
  const options = (list.data?.items ?? []).map((o) => ({ value: o.id, label: o.name }));
  return <Choice {...props} options={options} count={list.data?.count ?? 0} find={find} busy={list.isFetching} />;
}

export function PickSite(props: Pick): ReactNode {
  const [q, find] = useState("");
  const list = useSiteOptions(q);
  const options = (list.data?.items ?? []).map((s) => ({ value: s.id, label: `${s.organisation} ${s.name}` }));
  return <Choice {...props} options={options} count={list.data?.count ?? 0} find={find} busy={list.isFetching} />;
}

export function PickTerritory(props: Pick): ReactNode {
  const list = useTerritories();
  const options = (list.data?.items ?? []).filter((x) => x.is_active).map((x) => ({ value: x.id, label: `${"\u3000".repeat(x.depth)}${x.name}` }));
  return (
    <Field label={props.label}>
      <Select showSearch={{ optionFilterProp: "label" }} allowClear value={props.value} aria-label={props.label} placeholder={t("form.pick")} options={options} onChange={(id?: number | null) => props.set(id ?? null)} />
    </Field>
  );
}
