import { Input, InputNumber } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { Dialog, Field, lacking } from "../people/Dialog";
import { useChange, type Source } from "./queries";
import { linesOf, registersOf } from "./registers";

type Token = Source["tokens"][number];

/** 登记 Modbus 设备, or with `token` how one is called from now on; of a watched source two persons say so. */
export function Device({ source, token, close, waits }: { source: Source; token?: Token; close: () => void; waits: () => void }): ReactNode {
  const was = token?.device?.kind === "modbus" ? token.device : null;
  const [name, setName] = useState(token?.name ?? "");
  const [host, setHost] = useState(was?.host ?? "");
  const [port, setPort] = useState<number | null>(was?.port ?? 502);
  const [unit, setUnit] = useState<number | null>(was?.unit ?? 1);
  const [every, setEvery] = useState<number | null>(was?.every_s ?? 10);
  const [text, setText] = useState(was ? linesOf(was.registers) : "");
  const [reason, setReason] = useState("");
  const { rows, wrong } = registersOf(text);
  const device = { kind: "modbus" as const, host: host.trim(), port: port ?? 502, unit: unit ?? 1, every_s: every ?? 10, timeout_s: was?.timeout_s ?? 3, registers: rows };
  const send = useChange(() => got(api.POST("/api/v1/sources/{id}/devices", { params: { path: { id: source.id } }, body: { name: name.trim(), device, reason: reason.trim(), ...(token ? { replaces: token.id } : {}) } })));
  const done = (): void => send.mutate(undefined, { onSuccess: (changed) => (changed.proposal === null ? close() : waits()) });
  const lacks = lacking([[t("admin.token.name"), name.trim() !== ""], [t("admin.device.host"), host.trim() !== ""], [t("admin.device.registers"), rows.length > 0], [t("admin.source.reason"), !token || reason.trim() !== ""]]);
  return (
    <Dialog title={token ? t("admin.device.change.title", { name: token.name }) : t("admin.device.new", { name: source.name })} verb={token ? t("admin.device.change") : t("admin.device.make")} busy={send.isPending} error={send.error} lacks={lacks} send={done} close={close}>
      <Field label={t("admin.token.name")} note={t("admin.device.name.note")}>
        <Input value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t("admin.device.host")} note={t("admin.device.host.note")}>
        <Input value={host} maxLength={253} onChange={(event) => setHost(event.target.value)} />
      </Field>
      <div className="tthree">
        <Field label={t("admin.device.port")}>
          <InputNumber value={port} min={1} max={65535} precision={0} onChange={setPort} />
        </Field>
        <Field label={t("admin.device.unit")}>
          <InputNumber value={unit} min={0} max={255} precision={0} onChange={setUnit} />
        </Field>
        <Field label={t("admin.device.every")}>
          <InputNumber value={every} min={0.5} max={86400} onChange={setEvery} />
        </Field>
      </div>
      <Field label={t("admin.device.registers")} note={wrong === null ? t("admin.device.registers.note") : t("admin.device.registers.wrong", { n: wrong })}>
        <Input.TextArea rows={6} value={text} placeholder={"T1/level, 3, 0, f32, order=CDAB, scale=0.1"} status={wrong === null ? "" : "error"} onChange={(event) => setText(event.target.value)} />
      </Field>
      {token && (
        <Field label={t("admin.source.reason")}>
          <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
      )}
    </Dialog>
  );
}
