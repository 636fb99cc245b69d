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

/** 时间: how the source's times are read; of a watched source two persons say so. */
export function Clock({ source, close, waits }: Props & { waits: () => void }): ReactNode {
  const [zone, setZone] = useState(source.zone);
  const [seconds, setSeconds] = useState(source.seconds);
  const [reason, setReason] = useState("");
  const send = useChange(() => got(api.POST("/api/v1/sources/{id}/clock", { params: { path: { id: source.id } }, body: { zone, seconds, reason: reason.trim() } })));
  const known = ZONES.includes(source.zone) ? ZONES : [...ZONES, source.zone];
  const done = (): void => send.mutate(undefined, { onSuccess: (changed) => (changed.proposal === null ? close() : waits()) });
  const other = zone !== source.zone || seconds !== source.seconds;
  return (
    <Dialog title={t("admin.clock.title", { name: source.name })} verb={t("admin.clock.set")} busy={send.isPending} error={send.error} can={reason.trim() !== "" && other} send={done} close={close}>
      <Field label={t("admin.clock.zone")} note={t("admin.clock.zone.note")}>
        <Select value={zone} aria-label={t("admin.clock.zone")} options={known.map((one) => ({ value: one, label: one || t("admin.clock.none") }))} onChange={setZone} />
      </Field>
      <Field label={t("admin.clock.unit")} note={t("admin.clock.unit.note")}>
        <Select value={seconds} aria-label={t("admin.clock.unit")} options={[{ value: false, label: t("admin.clock.ms") }, { value: true, label: t("admin.clock.seconds") }]} onChange={setSeconds} />
      </Field>
      <Field label={t("admin.source.reason")}>
        <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Dialog>
  );
}
