import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Failed, Loading } from "../States";
import { useImportRows, type Import, type ImportRow, type RowState } from "./queries";

type View = RowState | "noted";

/** What is wrong, or what would change, row by row as the spreadsheet counts them. */
export function ImportRows({ job }: { job: Import }): ReactNode {
  const counts: Record<View, number> = { wrong: job.wrong, changed: job.changed, new: job.new, unchanged: job.unchanged, noted: job.noted };
  const views = (["wrong", "changed", "new", "noted", "unchanged"] as const).filter((view) => counts[view] > 0);
  const [chosen, setChosen] = useState<View | null>(null);
  const view = chosen !== null && views.includes(chosen) ? chosen : (views[0] ?? "unchanged");
  return (
    <>
      <nav className="tabs import-tabs" aria-label={t("import.rows")}>
        {views.map((one) => (
          <button key={one} type="button" aria-pressed={one === view} className={one === view ? "tab-on" : undefined} onClick={() => setChosen(one)}>
            {t(`import.view.${one}`)} <i>{counts[one]}</i>
          </button>
        ))}
      </nav>
      <Rows job={job} view={view} count={counts[view]} />
    </>
  );
}

function Rows({ job, view, count }: { job: Import; view: View; count: number }): ReactNode {
  const list = useImportRows(job, view);
  if (list.error && !list.data) return <Failed error={list.error} what={t("import.rows")} again={() => void list.refetch()} />;
  if (!list.data) return <Loading what={t("import.rows")} />;
  return (
    <div className="import-rows" tabIndex={0} role="region" aria-label={t(`import.view.${view}`)}>
      <table>
        <tbody>
          {list.data.items.map((row) => (
            <tr key={row.id}>
              <th scope="row">{t("import.row", { n: row.number })}</th>
              <td className="import-label">{row.label}</td>
              <td>
                <Said row={row} view={view} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {count > list.data.items.length && <p className="note">{t("import.more", { shown: list.data.items.length, count })}</p>}
    </div>
  );
}

function Said({ row, view }: { row: ImportRow; view: View }): ReactNode {
  if (view === "changed") {
    return (
      <ul>
        {row.changes.map((change) => (
          <li key={change.column}>
            {t("import.change", { title: change.title, before: String(change.before ?? "") || t("import.blank"), after: String(change.after ?? "") || t("import.blank") })}
          </li>
        ))}
      </ul>
    );
  }
  const said = view === "noted" ? row.notes : row.errors;
  return (
    <ul>
      {said.map((one, i) => (
        <li key={i}>{t("import.cell", { title: one.title, text: one.text })}</li>
      ))}
    </ul>
  );
}
