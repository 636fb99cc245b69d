import type { OpcuaDevice } from "./queries";

export type OpcuaNode = OpcuaDevice["nodes"][number];

const NODE = /^(ns=\d{1,5};|nsu=[^;]+;)?(i=\d{1,10}|s=.+|g=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|b=[A-Za-z0-9+/]+={0,2})$/;
const OPTION = /[,，\t]\s*(scale|offset|fault|element)\s*=\s*([^,，\t]*?)\s*$/;

/** One line of the form for each value: address, node, and what differs from the usual. Pure. */
export function nodeLines(nodes: readonly OpcuaNode[]): string {
  return nodes
    .map((one) => {
      const more = [one.scale !== 1 && `scale=${one.scale}`, one.offset !== 0 && `offset=${one.offset}`, one.fault != null && `fault=${one.fault}`, one.element != null && `element=${one.element}`];
      return [one.address, one.node, ...more.filter(Boolean)].join(", ");
    })
    .join("\n");
}

/** The values of such lines, or the number of the first line that is none. A node's name may hold commas itself. Pure. */
export function nodesOf(text: string): { rows: OpcuaNode[]; wrong: number | null } {
  const rows: OpcuaNode[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row = nodeOf(line.trim());
    if (row === null) return { rows: [], wrong: index + 1 };
    rows.push(row);
  }
  return { rows, wrong: null };
}

function nodeOf(line: string): OpcuaNode | null {
  const row: OpcuaNode = { address: "", node: "", scale: 1, offset: 0, fault: null, element: null };
  let rest = line;
  for (let found = OPTION.exec(rest); found !== null; found = OPTION.exec(rest)) {
    const [, name = "", value = ""] = found;
    const number = Number(value);
    if (value === "" || !Number.isFinite(number) || (name === "element" && !/^\d{1,5}$/.test(value))) return null;
    row[name as "scale" | "offset" | "fault" | "element"] = number;
    rest = rest.slice(0, found.index);
  }
  const [, address = "", node = ""] = /^([^,，\t]+)[,，\t]\s*(.+)$/.exec(rest.replace(/[,，\t\s]+$/, "")) ?? [];
  if (address.trim() === "" || !NODE.test(node.trim())) return null;
  return { ...row, address: address.trim(), node: node.trim() };
}
