import { Button } from "antd";
import { t } from "i18next";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import "./table.css";

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  right?: boolean;
  /** Shares what width is left, cut with an ellipsis: long words must not push other columns out. */
  grow?: number;
  /** Hidden below 1280 px (`wide`) or on phones (`desk`). */
  from?: "wide" | "desk";
}

interface Props<Row> {
  columns: Column<Row>[];
  rows: Row[];
  count: number;
  id: (row: Row) => number;
  to?: (row: Row) => string;
  /** Colour of the 3 px edge, null for none. */
  edge?: (row: Row) => string | null;
  grey?: (row: Row) => boolean;
  label: string;
  more?: { has: boolean; busy: boolean; fetch: () => void };
  footer?: ReactNode;
  /** One line for a phone, in place of the columns. */
  card?: (row: Row) => ReactNode;
}

/** The one list of the house: 38 px rows, arrows or j/k walk it, Enter opens the row. */
export function ResourceTable<Row>(props: Props<Row>): ReactNode {
  const { columns, rows, id, to } = props;
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLTableSectionElement>(null);
  const navigate = useNavigate();
  useEffect(() => {
    body.current?.querySelector<HTMLElement>("tr[data-at] a")?.focus({ preventScroll: false });
  }, [at]);
  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (step === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    setAt((now) => Math.min(rows.length - 1, Math.max(0, now + step)));
  };
  return (
    <div className="restable" role="region" aria-label={props.label} onKeyDown={walk}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cellClass(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, i) => {
            const edge = props.edge?.(row) ?? null;
            const path = to?.(row);
            return (
              <tr
                key={id(row)}
                data-at={i === at ? "" : undefined}
                className={props.grey?.(row) ? "row-grey" : undefined}
                style={edge ? { boxShadow: `inset 3px 0 ${edge}` } : undefined}
                onClick={(event) => {
                  if (path && !(event.target as HTMLElement).closest("a,button") && !window.getSelection()?.toString()) void navigate(path);
                }}
              >
                {columns.map((column, c) => (
                  <td key={column.key} className={cellClass(column)} style={column.grow ? { width: `${column.grow}%` } : undefined}>
                    {c === 0 && path ? (
                      <Link to={path} className="quiet row-link">
                        {column.cell(row)}
                      </Link>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
                {props.card && (
                  <td className="row-card">
                    {path ? (
                      <Link to={path} className="quiet">
                        {props.card(row)}
                      </Link>
                    ) : (
                      props.card(row)
                    )}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
      <footer>
        <span>{t("table.shown", { shown: rows.length, count: Math.max(props.count, rows.length) })}</span>
        {props.more?.has && (
          <Button size="small" loading={props.more.busy} onClick={props.more.fetch}>
            {t("table.more")}
          </Button>
        )}
        <span className="restable-foot">{props.footer}</span>
      </footer>
    </div>
  );
}

function cellClass<Row>(column: Column<Row>): string {
  return `${column.grow ? "clip " : ""}${column.right ? "num " : ""}${column.from ? `from-${column.from} ` : ""}cell`;
}
