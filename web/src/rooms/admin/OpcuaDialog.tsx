import { Input, InputNumber, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { Dialog, Field, lacking } from "../people/Dialog";
import { nodeLines, nodesOf } from "./nodes";
import { useChange, type OpcuaDevice, type Source } from "./queries";

type Token = Source["tokens"][number];

const ENDPOINT = /^opc\.tcp:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?(\/\S*)?$/;
const PRINT = /^(([0-9A-Fa-f]{2}:?){32})?$/;
const SECURITIES = ["none", "sign", "encrypt"] as const;
const TIMES = ["source", "server", "arrival"] as const;

interface Form {
  endpoint: string;
  security: NonNullable<OpcuaDevice["security"]>;
  server: string;
  user: string;
  password: string;
  time: NonNullable<OpcuaDevice["time"]>;
  every_s: number;
  sample_s: number;
  beat_s: number;
  timeout_s: number;
}

function formOf(was: OpcuaDevice | null): Form {
  return { endpoint: was?.endpoint ?? "", security: was?.security ?? "none", server: was?.server ?? "", user: was?.user ?? "", password: "", time: was?.time ?? "source", every_s: was?.every_s ?? 1, sample_s: was?.sample_s ?? 0.5, beat_s: was?.beat_s ?? 60, timeout_s: was?.timeout_s ?? 5 };
}

const FRESH = formOf(null);

/** 登记 OPC UA 设备, or with `token` how one is called from now on; of a watched source two persons say so. */
export function Opcua({ source, token, was, close, waits }: { source: Source; token?: Token; was: OpcuaDevice | null; close: () => void; waits: () => void }): ReactNode {
  const [name, setName] = useState(token?.name ?? "");
  const [form, setForm] = useState(() => formOf(was));
  const [text, setText] = useState(was ? nodeLines(was.nodes) : "");
  const [reason, setReason] = useState("");
  const { rows, wrong } = nodesOf(text);
  const set = (changes: Partial<Form>): void => setForm((before) => ({ ...before, ...changes }));
  const secured = form.security !== "none";
  const told = { ...form, endpoint: form.endpoint.trim(), server: secured ? form.server.trim() : "", user: secured ? form.user.trim() : "", password: secured ? form.password : "" };
  const device = { kind: "opcua" as const, ...told, nodes: rows };
  const send = useChange(() => got(api.POST("/api/v1/sources/{id}/devices", { params: { path: { id: source.id } }, body: { name: name.trim(), device, reason: reason.trim(), ...(token ? { replaces: token.id } : {}) } })));
  const done = (): void => send.mutate(undefined, { onSuccess: (changed) => (changed.proposal === null ? close() : waits()) });
  const place = told.endpoint === "" || ENDPOINT.test(told.endpoint);
  const print = PRINT.test(told.server);
  const lacks = lacking([[t("admin.token.name"), name.trim() !== ""], [t("admin.opcua.endpoint"), told.endpoint !== "" && place], [t("admin.opcua.server"), print], [t("admin.opcua.nodes"), rows.length > 0], [t("admin.source.reason"), !token || reason.trim() !== ""]]);
  const seconds = (label: string, key: "every_s" | "sample_s" | "beat_s", min: number): ReactNode => (
    <Field label={label}>
      <InputNumber value={form[key]} min={min} max={key === "beat_s" ? 86400 : 3600} onChange={(value) => set({ [key]: value ?? FRESH[key] })} />
    </Field>
  );
  return (
    <Dialog title={token ? t("admin.device.change.title", { name: token.name }) : t("admin.opcua.new", { name: source.name })} verb={token ? t("admin.device.change") : t("admin.opcua.make")} busy={send.isPending} error={send.error} lacks={lacks} send={done} close={close}>
      <Field label={t("admin.token.name")} note={t("admin.device.name.note")}>
        <Input value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t("admin.opcua.endpoint")} note={place ? t("admin.opcua.endpoint.note") : t("admin.opcua.endpoint.wrong")}>
        <Input value={form.endpoint} maxLength={400} placeholder={"opc.tcp://10.20.0.5:4840"} status={place ? "" : "error"} onChange={(event) => set({ endpoint: event.target.value })} />
      </Field>
      <div className="tthree">
        <Field label={t("admin.opcua.security")}>
          <Select value={form.security} options={SECURITIES.map((value) => ({ value, label: t(`admin.opcua.security.${value}`) }))} onChange={(security) => set({ security })} />
        </Field>
        <Field label={t("admin.opcua.time")}>
          <Select value={form.time} options={TIMES.map((value) => ({ value, label: t(`admin.opcua.time.${value}`) }))} onChange={(time) => set({ time })} />
        </Field>
      </div>
      {secured && (
        <>
          <Field label={t("admin.opcua.server")} note={print ? t("admin.opcua.server.note") : t("admin.opcua.server.wrong")}>
            <Input value={form.server} maxLength={100} status={print ? "" : "error"} onChange={(event) => set({ server: event.target.value })} />
          </Field>
          <div className="tthree">
            <Field label={t("admin.opcua.user")}>
              <Input value={form.user} maxLength={200} autoComplete="off" onChange={(event) => set({ user: event.target.value })} />
            </Field>
            <Field label={t("admin.opcua.password")} note={was?.password_kept ? t("admin.opcua.password.kept") : undefined}>
              <Input.Password value={form.password} maxLength={200} autoComplete="new-password" onChange={(event) => set({ password: event.target.value })} />
            </Field>
          </div>
        </>
      )}
      <div className="tthree">
        {seconds(t("admin.opcua.every"), "every_s", 0.1)}
        {seconds(t("admin.opcua.sample"), "sample_s", 0)}
        {seconds(t("admin.opcua.beat"), "beat_s", 1)}
      </div>
      <Field label={t("admin.opcua.nodes")} note={wrong === null ? t("admin.opcua.nodes.note") : t("admin.device.registers.wrong", { n: wrong })}>
        <Input.TextArea rows={6} value={text} placeholder={"T1/level, ns=2;s=level, scale=0.1"} status={wrong === null ? "" : "error"} onChange={(event) => setText(event.target.value)} />
      </Field>
      {token && (
        <Field label={t("admin.source.reason")}>
          <Input.TextArea rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
      )}
    </Dialog>
  );
}
