import type { ModbusDevice } from "./queries";

export type Register = ModbusDevice["registers"][number];

const TYPES = ["bit", "u16", "i16", "u32", "i32", "f32", "f64"];
const ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"];
const NUMBERS = ["scale", "offset", "unit", "fault"] as const;

/** One line of the form for each value: address, function, register, type, and what differs from the usual. Pure. */
export function linesOf(registers: readonly Register[]): string {
  return registers
    .map((one) => {
      const more = [one.order !== "ABCD" && `order=${one.order}`, one.scale !== 1 && `scale=${one.scale}`, one.offset !== 0 && `offset=${one.offset}`, one.unit != null && `unit=${one.unit}`, one.fault != null && `fault=${one.fault}`];
      return [one.address, one.function, one.index, one.type, ...more.filter(Boolean)].join(", ");
    })
    .join("\n");
}

/** The values of such lines, or the number of the first line that is none; columns by comma or tab. Pure. */
export function registersOf(text: string): { rows: Register[]; wrong: number | null } {
  const rows: Register[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row = registerOf(line.split(/[,，\t]/).map((part) => part.trim()));
    if (row === null) return { rows: [], wrong: index + 1 };
    rows.push(row);
  }
  return { rows, wrong: null };
}

function registerOf([address = "", fn = "", at = "", type = "", ...more]: string[]): Register | null {
  if (address === "" || !/^[1-4]$/.test(fn) || !/^\d{1,5}$/.test(at) || !TYPES.includes(type)) return null;
  const row: Register = { address, function: Number(fn) as Register["function"], index: Number(at), type: type as Register["type"], order: "ABCD", scale: 1, offset: 0, unit: null, fault: null };
  for (const part of more.filter((one) => one !== "")) {
    const [name = "", value = ""] = part.split("=").map((one) => one.trim());
    const number = NUMBERS.find((one) => one === name);
    if (name === "order" && ORDERS.includes(value)) row.order = value as Register["order"];
    else if (number !== undefined && value !== "" && Number.isFinite(Number(value))) row[number] = Number(value);
    else return null;
  }
  return row;
}
