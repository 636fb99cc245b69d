import { expect, test } from "vitest";
import { nodeLines, nodesOf } from "./nodes";

const TEXT = "库水位, nsu=urn:mine;s=level, scale=0.1, offset=-2, fault=-32768\n泵, ns=2;i=7, element=3";

test("lines of the form and the nodes they mean are one to one", () => {
  const { rows, wrong } = nodesOf(TEXT);
  expect(wrong).toBeNull();
  expect(rows[0]).toEqual({ address: "库水位", node: "nsu=urn:mine;s=level", scale: 0.1, offset: -2, fault: -32768, element: null });
  expect(rows[1]).toMatchObject({ address: "泵", node: "ns=2;i=7", element: 3 });
  expect(nodeLines(rows)).toBe(TEXT);
});

test("a node's name keeps its own commas, and columns of a table are apart by tabs", () => {
  expect(nodesOf("a, ns=2;s=Channel 1, A=b").rows[0]?.node).toBe("ns=2;s=Channel 1, A=b");
  expect(nodesOf("a\tns=2;s=x\tscale=0.1\t\n\n").rows).toEqual([{ address: "a", node: "ns=2;s=x", scale: 0.1, offset: 0, fault: null, element: null }]);
});

test.each([["a"], ["a, level"], ["a, ns=2;x=7"], ["a, i=7, scale="], ["a, i=7, scale=x"], ["a, i=7, element=-1"], [", i=7"]])("%s is told by its line", (line) => {
  expect(nodesOf(`ok, i=7\n${line}`)).toEqual({ rows: [], wrong: 2 });
});
