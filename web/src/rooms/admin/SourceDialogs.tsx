import { Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { Dialog, Field, lacking } from "../people/Dialog";
import { useChange, type Source } from "./queries";

interface Props {
  source: Source;
  close: () => void;
}

/** 登记数采仪: a data logger that speaks HJ 212, by its MN and the password set in it. */
export function NewStation({ source, close, made }: Props & { made: (shown: { name: string; secret: string }) => void }): ReactNode {
  const [name, setName] = useState("");
  const [mn, setMn] = useState("");
  const [password, setPassword] = useState("");
  const make = useChange(() => got(api.POST("/api/v1/sources/{id}/stations", { params: { path: { id: source.id } }, body: { name: name.trim(), mn: mn.trim(), password: password.trim() } })));
  const lacks = lacking([["MN", mn.trim() !== ""], [t("admin.token.name"), name.trim() !== ""]]);
  return (
    <Dialog title={t("admin.station.new", { name: source.name })} verb={t("admin.station.make")} busy={make.isPending} error={make.error} lacks={lacks} send={() => make.mutate(undefined, { onSuccess: (one) => made({ name: one.name, secret: one.token }) })} close={close}>
      <Field label="MN" note={t("admin.station.mn.note")}>
        <Input value={mn} maxLength={40} onChange={(event) => setMn(event.target.value)} />
      </Field>
      <Field label={t("admin.station.password")} note={t("admin.station.password.note")}>
        <Input value={password} maxLength={20} onChange={(event) => setPassword(event.target.value)} />
      </Field>
      <Field label={t("admin.token.name")} note={t("admin.source.name.note")}>
        <Input value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
      </Field>
    </Dialog>
  );
}

const ZONES = ["", "Asia/Shanghai", "Asia/Urumqi", "UTC"];

/** 时区: on whose clock the source's times without a zone are; of a watched source two persons say so. */
export function Zone({ source, close, waits }: Props & { waits: () => void }): ReactNode {
  const [zone, setZone] = useState(source.zone);
  const [reason, setReason] = useState("");
  const send = useChange(() => got(api.POST("/api/v1/sources/{id}/zone", { params: { path: { id: source.id } }, body: { zone, reason: reason.trim() } })));
  const known = ZONES.includes(source.zone) ? ZONES : [...ZONES, source.zone];
  const done = (): void => send.mutate(undefined, { onSuccess: (changed) => (changed.proposal === null ? close() : waits()) });
  return (
    <Dialog title={t("admin.zone.title", { name: source.name })} verb={t("admin.zone.set")} busy={send.isPending} error={send.error} can={reason.trim() !== "" && zone !== source.zone} send={done} close={close}>
      <Field label={t("admin.zone")} note={t("admin.zone.note")}>
        <Select value={zone} aria-label={t("admin.zone")} options={known.map((one) => ({ value: one, label: one || t("admin.zone.none") }))} onChange={setZone} />
      </Field>
      <Field label={t("admin.source.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}
