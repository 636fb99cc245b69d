import { Fragment, type ReactNode } from "react";
import { keepUnits } from "../time/figure";

/** A headline that breaks between its clauses when it can, never between a figure and its unit. */
export function Clauses({ text }: { text: string }): ReactNode {
  const clauses = keepUnits(text).split(/(?<=[\uff0c\uff1a\uff1b])|(?<=,) |(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])/);
  return clauses.map((clause, i) => (
    <Fragment key={i}>
      {i > 0 && !/[\uff0c\uff1a\uff1b]$/.test(clauses[i - 1] ?? "") && " "}
      <span className="clause">{clause}</span>
    </Fragment>
  ));
}
