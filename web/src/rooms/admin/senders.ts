import { t } from "i18next";
import { ago, spanWords } from "../../time/words";
import type { ModbusDevice, OpcuaDevice, Sender, Source } from "./queries";

export interface DeviceLine {
  key: string;
  /** The door and the device's own name at it. */
  title: string;
  /** `apart`: a door without lasting connections, where only what was heard counts. */
  state: "on" | "off" | "apart";
  words: string;
}

const LASTING = new Set(["mqtt", "hj212", "modbus", "opcua"]);

/**
 * The devices of a source: those heard, the connected first as they come, then data loggers never heard of. Times ms.
 * `senders` null: not asked yet, or in vain; then nothing is said of any.
 */
export function deviceLines(source: Source, senders: readonly Sender[] | null, now: number): DeviceLine[] {
  if (senders === null) return [];
  const mine = senders.filter((one) => one.source === source.id);
  const known = new Set(mine.filter((one) => one.door === "hj212").map((one) => one.device));
  const called = new Set(mine.map((one) => `${one.door} ${one.device}`));
  const uncalled = source.tokens.filter((token) => token.device !== null && token.revoked_at === null && !called.has(`${token.device.kind} ${token.name}`));
  const silent = source.tokens.filter((token) => token.mn !== "" && token.revoked_at === null && !known.has(token.mn));
  return [
    ...mine.map((one) => ({ key: `${one.door} ${one.device}`, title: deviceTitle(one.door, one.device), state: stateOf(one), words: senderWords(one, now) })),
    ...silent.map((token) => ({ key: `never ${token.mn}`, title: deviceTitle("hj212", token.mn), state: "off" as const, words: t("admin.sender.never") })),
    ...uncalled.map((token) => ({ key: `never ${token.id}`, title: deviceTitle(token.device?.kind ?? "", token.name), state: "off" as const, words: t("admin.sender.never") })),
  ];
}

/** Where a device that is called stands, and how many values are asked of it. */
export function deviceWords(device: ModbusDevice | OpcuaDevice): string {
  if (device.kind === "opcua") return t("admin.opcua.of", { endpoint: device.endpoint, n: device.nodes.length });
  return t("admin.device.of", { host: `${device.host}:${device.port}`, n: device.registers.length, every: device.every_s });
}

/** Why one that is called is away, or what is wrong though it is there. */
function reasonWords(sender: Sender): string {
  return [t(`admin.away.${sender.reason}`), sender.detail].filter(Boolean).join(" ");
}

function deviceTitle(door: string, device: string): string {
  const name = t(`admin.door.${door}`);
  return device === "" ? name : `${name} ${device}`;
}

function stateOf(sender: Sender): DeviceLine["state"] {
  if (!LASTING.has(sender.door)) return "apart";
  return sender.connections > 0 ? "on" : "off";
}

/** Whether it is connected, since when, when it was heard last, and what became of what it sent. */
export function senderWords(sender: Sender, now: number): string {
  const state = stateOf(sender);
  const parts: string[] = [];
  if (state === "on") parts.push(sender.since === null ? t("admin.sender.on") : t("admin.sender.onFor", { span: spanWords(now - Date.parse(sender.since)) }));
  if (state === "off") parts.push(t("admin.sender.off"));
  if (sender.reason !== "") parts.push(reasonWords(sender));
  parts.push(sender.heard === null ? t("admin.sender.unheard") : t("admin.sender.heard", { ago: ago(sender.heard, now) }));
  if (sender.accepted + sender.refused > 0) parts.push(t("admin.sender.counts", { accepted: sender.accepted, refused: sender.refused }));
  if (sender.peer !== "") parts.push(sender.peer);
  return parts.join(" \u00b7 ");
}
