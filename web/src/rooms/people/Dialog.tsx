import { Modal, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { NotSaved } from "../../kit/States";
import { useOrganisations, usePersons, usePosts, useTerritories } from "./queries";

interface Props {
  title: string;
  verb: string;
  busy: boolean;
  error: unknown;
  send: () => void;
  close: () => void;
  children: ReactNode;
  can?: boolean;
}

/** A form in a dialog; what was filled in stays when saving failed. */
export function Dialog(props: Props): ReactNode {
  return (
    <Modal open title={props.title} okText={props.verb} cancelText={t("act.back")} confirmLoading={props.busy} okButtonProps={{ disabled: props.can === false }} onOk={props.send} onCancel={props.close} destroyOnHidden>
      <div className="pform">
        {props.children}
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

interface Pick {
  label: string;
  value: number | null;
  set: (id: number | null) => void;
  organisation?: number | undefined;
}

function Choice(props: Pick & { options: { value: number; label: string }[]; find: (q: string) => void; busy: boolean }): ReactNode {
  return (
    <Field label={props.label}>
      <Select
        showSearch={{ filterOption: false, onSearch: props.find }}
        allowClear
        value={props.value}
        aria-label={props.label}
        placeholder={t("form.pick")}
        loading={props.busy}
        options={props.options}
        notFoundContent={t("people.pick.none")}
        onChange={(id?: number | null) => props.set(id ?? null)}
      />
    </Field>
  );
}

export function PickPost(props: Pick & { onShift?: boolean }): ReactNode {
  const [q, find] = useState("");
  const list = usePosts({ ...(q ? { q } : {}), ...(props.onShift ? { on_shift: true } : {}), ...(props.organisation ? { organisation: props.organisation } : {}) });
  const options = (list.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.organisation.name} ${p.title}` }));
  return <Choice {...props} options={options} find={find} busy={list.isFetching} />;
}

export function PickPerson(props: Pick): ReactNode {
  const [q, find] = useState("");
  const list = usePersons({ ...(q ? { q } : {}), ...(props.organisation ? { organisation: props.organisation } : {}) });
  const options = (list.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.name} ${p.organisation?.name ?? ""}` }));
  return <Choice {...props} options={options} find={find} busy={list.isFetching} />;
}

export function PickPersons(props: { label: string; value: number[]; set: (ids: number[]) => void }): ReactNode {
  const [q, find] = useState("");
  const list = usePersons(q ? { q } : {});
  const options = (list.data?.items ?? []).map((p) => ({ value: p.id, label: `${p.name} ${p.organisation?.name ?? ""}` }));
  return (
    <Field label={props.label}>
      <Select mode="multiple" showSearch={{ filterOption: false, onSearch: find }} value={props.value} aria-label={props.label} placeholder={t("form.pick")} options={options} notFoundContent={t("people.pick.none")} onChange={(ids: number[]) => props.set(ids)} />
    </Field>
  );
}

export function PickOrganisation(props: Pick): ReactNode {
  const [q, find] = useState("");
  const list = useOrganisations(q ? { q } : {});
  const options = (list.data?.items ?? []).map((o) => ({ value: o.id, label: o.name }));
  return <Choice {...props} options={options} find={find} busy={list.isFetching} />;
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
