import { Checkbox, Input, InputNumber, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Dialog, Field, PickOrganisation } from "../people/Dialog";
import { useLicenceAct, useLicenceForm, type LicenceContent, type LicenceDetail, type LicenceKind } from "./queries";
import { kindOf } from "./standing";
import "../people/people.css";

interface Draft {
  number: string;
  issued_by: string;
  valid_from: string;
  valid_until: string;
  forever: boolean;
  capacity: number | null;
  bearer: string;
  note: string;
}

const blank: Draft = { number: "", issued_by: "", valid_from: "", valid_until: "", forever: false, capacity: null, bearer: "", note: "" };

/** A person's number that is shown masked is asked for anew: it must not be saved with its stars. Pure. */
function draftOf(one: LicenceDetail): Draft {
  const masked = (words: string): string => (words.includes("*") ? "" : words);
  return { ...one, number: masked(one.number), bearer: masked(one.bearer), valid_until: one.valid_until ?? "", forever: one.valid_until === null };
}

function content(draft: Draft, kind: LicenceKind | undefined): LicenceContent {
  return {
    number: draft.number.trim(),
    issued_by: draft.issued_by.trim(),
    valid_from: draft.valid_from,
    valid_until: draft.forever ? null : draft.valid_until,
    capacity: kind?.capacity ? draft.capacity : null,
    bearer: kind?.personal ? draft.bearer.trim() : "",
    note: draft.note.trim(),
  };
}

function ready(draft: Draft): boolean {
  return draft.number.trim() !== "" && draft.issued_by.trim() !== "" && draft.valid_from !== "" && (draft.forever || draft.valid_until !== "");
}

function Fields({ draft, set, kind }: { draft: Draft; set: (draft: Draft) => void; kind: LicenceKind | undefined }): ReactNode {
  return (
    <>
      <Field label={t("licence.number")}>
        <Input maxLength={60} value={draft.number} onChange={(event) => set({ ...draft, number: event.target.value })} />
      </Field>
      {kind?.personal && (
        <Field label={t("licence.bearer")} note={t("licence.bearer.note")}>
          <Input maxLength={40} value={draft.bearer} onChange={(event) => set({ ...draft, bearer: event.target.value })} />
        </Field>
      )}
      <Field label={t("licence.issuedBy")}>
        <Input maxLength={120} value={draft.issued_by} onChange={(event) => set({ ...draft, issued_by: event.target.value })} />
      </Field>
      <div className="prow">
        <Field label={t("licence.from")}>
          <Input type="date" value={draft.valid_from} onChange={(event) => set({ ...draft, valid_from: event.target.value })} />
        </Field>
        <Field label={t("licence.until")} note={t("licence.until.note")}>
          <Input type="date" disabled={draft.forever} min={draft.valid_from} value={draft.forever ? "" : draft.valid_until} onChange={(event) => set({ ...draft, valid_until: event.target.value })} />
        </Field>
      </div>
      <Checkbox checked={draft.forever} onChange={(event) => set({ ...draft, forever: event.target.checked })}>
        {t("licence.foreverBox")}
      </Checkbox>
      {kind?.capacity && (
        <Field label={t("licence.capacity")}>
          <InputNumber min={0.01} max={100_000} value={draft.capacity} onChange={(value) => set({ ...draft, capacity: value })} suffix={t("licence.capacity.unit")} />
        </Field>
      )}
      <Field label={t("licence.remark")}>
        <Input.TextArea rows={2} maxLength={400} value={draft.note} onChange={(event) => set({ ...draft, note: event.target.value })} />
      </Field>
    </>
  );
}

function PickOwnSite({ sites, value, set }: { sites: readonly { id: number; name: string }[]; value: number | null; set: (id: number | null) => void }): ReactNode {
  return (
    <Field label={t("licence.site")} note={t("licence.site.note")}>
      <Select allowClear showSearch={{ optionFilterProp: "label" }} value={value} aria-label={t("licence.site")} placeholder={t("licence.whole")} options={sites.map((one) => ({ value: one.id, label: one.name }))} onChange={(id?: number | null) => set(id ?? null)} />
    </Field>
  );
}

/** A licence put on record. From a dossier the enterprise (`of`), or the site with it (`at`), is there already. */
export function EnterDialog({ at, of = null, close }: { at: number | null; of?: number | null; close: () => void }): ReactNode {
  const act = useLicenceAct();
  const [draft, setDraft] = useState(blank);
  const [kind, setKind] = useState<string | null>(null);
  const [picked, setPicked] = useState<number | null>(of);
  const [site, setSite] = useState<number | null>(at);
  const form = useLicenceForm(at !== null ? { site: at } : picked !== null ? { organisation: picked } : {});
  const found = form.data?.kinds.find((one) => one.id === kind);
  const organisation = at !== null ? (form.data?.organisation?.id ?? null) : picked;
  const send = (): void => {
    if (organisation !== null && kind !== null) act.mutate({ verb: "enter", body: { organisation, site, kind, ...content(draft, found) } }, { onSuccess: close });
  };
  return (
    <Dialog title={t("licence.enter.title")} verb={t("licence.enter")} busy={act.isPending} error={act.error ?? form.error} send={send} close={close} can={organisation !== null && kind !== null && ready(draft)}>
      {at === null && of === null && (
        <PickOrganisation
          label={t("licence.holder")}
          value={picked}
          set={(id) => {
            setPicked(id);
            setSite(null);
          }}
        />
      )}
      {organisation !== null && <PickOwnSite sites={form.data?.organisation?.id === organisation ? form.data.sites : []} value={site} set={setSite} />}
      <Field label={t("licence.kind")} note={found ? groundWords(found) : undefined}>
        <Select showSearch={{ optionFilterProp: "label" }} value={kind} aria-label={t("licence.kind")} placeholder={t("form.pick")} options={(form.data?.kinds ?? []).map((one) => ({ value: one.id, label: one.title }))} onChange={(id: string) => setKind(id)} />
      </Field>
      <Fields draft={draft} set={setDraft} kind={found} />
    </Dialog>
  );
}

export function groundWords(kind: Pick<LicenceKind, "ground" | "verified" | "lead_days">): string {
  const ground = kind.ground === "" ? "" : kind.verified ? kind.ground : t("licence.unverified", { ground: kind.ground });
  return [ground, t("licence.lead", { n: kind.lead_days })].filter((words) => words !== "").join(t("list.comma"));
}

/** 换证: what the new document says; the old one stays as history. */
export function RenewDialog({ one, close, done }: { one: LicenceDetail; close: () => void; done: (id: number) => void }): ReactNode {
  const form = useLicenceForm();
  const act = useLicenceAct();
  const [draft, setDraft] = useState<Draft>({ ...draftOf(one), valid_from: "", valid_until: "", forever: false });
  const kind = kindOf(one, form.data?.kinds);
  const send = (): void => act.mutate({ verb: "renew", id: one.id, body: content(draft, kind) }, { onSuccess: (row) => done(row.id) });
  return (
    <Dialog title={t("licence.renew.title", { title: one.title })} verb={t("licence.renew")} busy={act.isPending} error={act.error ?? form.error} send={send} close={close} can={ready(draft) && kind !== undefined}>
      <p className="second">{t("licence.renew.rule")}</p>
      <Fields draft={draft} set={setDraft} kind={kind} />
    </Dialog>
  );
}

export function CorrectDialog({ one, close }: { one: LicenceDetail; close: () => void }): ReactNode {
  const form = useLicenceForm();
  const act = useLicenceAct();
  const [draft, setDraft] = useState<Draft>(draftOf(one));
  const [reason, setReason] = useState("");
  const kind = kindOf(one, form.data?.kinds);
  const send = (): void => act.mutate({ verb: "correct", id: one.id, body: { ...content(draft, kind), reason: reason.trim() } }, { onSuccess: close });
  return (
    <Dialog title={t("licence.correct.title", { title: one.title })} verb={t("licence.correct")} busy={act.isPending} error={act.error ?? form.error} send={send} close={close} can={ready(draft) && kind !== undefined && reason.trim() !== ""}>
      <p className="second">{t("licence.correct.rule")}</p>
      <Fields draft={draft} set={setDraft} kind={kind} />
      <Field label={t("licence.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}

export function WithdrawDialog({ one, close }: { one: LicenceDetail; close: () => void }): ReactNode {
  const act = useLicenceAct();
  const [how, setHow] = useState<"revoked" | "cancelled">("cancelled");
  const [reason, setReason] = useState("");
  const send = (): void => act.mutate({ verb: "withdraw", id: one.id, body: { how, reason: reason.trim() } }, { onSuccess: close });
  return (
    <Dialog title={t("licence.withdraw.title", { title: one.title })} verb={t("licence.withdraw")} busy={act.isPending} error={act.error} send={send} close={close} can={reason.trim() !== ""}>
      <p className="second">{t("licence.withdraw.rule")}</p>
      <Field label={t("licence.how")}>
        <Select value={how} aria-label={t("licence.how")} options={(one.standing === "withdrawn" ? (["cancelled"] as const) : (["cancelled", "revoked"] as const)).map((value) => ({ value, label: t(`licence.withdrawal.${value}`) }))} onChange={setHow} />
      </Field>
      <Field label={t("licence.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}
