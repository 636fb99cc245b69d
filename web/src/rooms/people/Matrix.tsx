import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { Printer, Search as Glass } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { useHello } from "../../api/queries";
import { Exchange } from "../../kit/import/Exchange";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { date, shortTime } from "../../time/words";
import { AssignForm, type Scope } from "./forms";
import { useMatrix, useTerritories, type Cell, type MatrixRow } from "./queries";
import { Holder, Room, useMay } from "./Room";
import "./matrix.css";

const kinds = ["territorial", "sector", "overall", "enterprise", "linked", "rescue"] as const;

function Who({ cell }: { cell: Cell }): ReactNode {
  return (
    <li title={`${cell.organisation} ${t(`people.rung.${cell.rung}`)}`}>
      <span className="mpost">{cell.post}</span> <Holder state={cell.state} person={cell.person} stands_for={cell.stands_for} />
    </li>
  );
}

function Square({ row, kind, mend }: { row: MatrixRow; kind: string; mend: ((scope: Scope) => void) | null }): ReactNode {
  const cells = row.cells[kind] ?? [];
  if (row.missing.includes(kind)) {
    const scope = { site: row.id, kind, about: row.name };
    return (
      <div className="mhole">
        <b>{t("matrix.hole")}</b>
        {mend && (
          <Button size="small" aria-label={t("matrix.mend.voice", { site: row.name, kind: t(`people.kind.${kind}`) })} onClick={() => mend(scope)}>
            {t("matrix.mend")}
          </Button>
        )}
      </div>
    );
  }
  if (cells.length === 0) return <span className="note">{"\u2014"}</span>;
  return (
    <ul>
      {cells.map((cell) => (
        <Who key={`${cell.post_id}`} cell={cell} />
      ))}
    </ul>
  );
}

/** What is missing first, then posts nobody fills, which a call passes over; else that all is well. */
export function headline(count: number, holes: number, empty: number): string {
  if (holes > 0) return t("matrix.sentence.holes", { n: count, holes });
  return empty > 0 ? t("matrix.sentence.empty", { n: count, empty }) : t("matrix.sentence", { n: count });
}

/** Prints once every page is there: a matrix on the wall that ends after its first fifty sites would pass for the whole. */
function usePrint(list: ReturnType<typeof useMatrix>): { ask: () => void; busy: boolean } {
  const [asked, setAsked] = useState(false);
  const { hasNextPage, isFetching, isFetchNextPageError, isPlaceholderData, fetchNextPage } = list;
  useEffect(() => {
    if (!asked || isFetching || isPlaceholderData) return;
    if (hasNextPage && !isFetchNextPageError) {
      void fetchNextPage();
      return;
    }
    setAsked(false);
    if (!hasNextPage) window.print();
  }, [asked, hasNextPage, isFetching, isFetchNextPageError, isPlaceholderData, fetchNextPage]);
  const ask = (): void => {
    // What failed before is tried again: the effect alone would take the old failure for the answer.
    if (isFetchNextPageError) void fetchNextPage();
    setAsked(true);
  };
  return { ask, busy: asked };
}

/** On paper, in place of rail and tools: whose matrix, of when, of how many sites, and what it leaves out. */
function Heading({ rows, count, place, q }: { rows: number; count: number; place: string; q: string }): ReactNode {
  const now = useNow();
  const county = useHello().data?.county.name ?? "";
  const only = [place, q].filter(Boolean).join(t("list.and"));
  return (
    <div className="matrix-paper">
      <b>{t("matrix.paper", { county })}</b>
      <span>
        {t("matrix.paper.at", { at: `${date(now)} ${shortTime(now)}`, n: count })}
        {only !== "" && ` ${t("matrix.paper.only", { only })}`}
        {rows < count && ` ${t("matrix.paper.part", { rows })}`}
      </span>
    </div>
  );
}

/** Sites down, kinds of responsibility across. */
export default function Matrix(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const [scope, setScope] = useState<Scope | null>(null);
  const may = useMay();
  const q = search.get("q") ?? "";
  const territory = Number(search.get("territory"));
  const list = useMatrix({ ...(q ? { q } : {}), ...(territory > 0 ? { territory } : {}) });
  const places = useTerritories().data?.items ?? [];
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  // Of all sites, which the first page tells: not of the rows that happen to be here.
  const { count = 0, holes, empty } = list.data?.pages[0] ?? {};
  const set = (name: string, value: string): void => {
    const to = new URLSearchParams(search);
    if (value === "") to.delete(name);
    else to.set(name, value);
    setSearch(to, { replace: true });
  };
  const print = usePrint(list);
  const mend = may("responsibility.edit") ? setScope : null;
  const sentence = list.data ? headline(count, holes ?? 0, empty ?? 0) : t("people.tab.matrix");
  return (
    <Room
      sentence={sentence}
      tools={
        <>
          <Select allowClear className="mplace" aria-label={t("people.territory")} placeholder={t("people.territory")} value={territory || null} options={places.map((x) => ({ value: x.id, label: `${"\u3000".repeat(x.depth)}${x.name}` }))} onChange={(id?: number | null) => set("territory", id ? String(id) : "")} />
          <Input allowClear prefix={<Glass size={15} strokeWidth={1.6} aria-hidden />} placeholder={t("matrix.find")} aria-label={t("matrix.find")} defaultValue={q} onChange={(e) => set("q", e.target.value)} />
          <Button icon={<Printer size={15} strokeWidth={1.6} aria-hidden />} loading={print.busy} disabled={rows.length === 0} onClick={print.ask}>
            {t("matrix.print")}
          </Button>
          <Exchange table="responsibilities" filter={{ place: q, ...(territory > 0 ? { territory } : {}) }} />
        </>
      }
    >
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("people.tab.matrix")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("people.tab.matrix")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("matrix.empty")}>{t("matrix.empty.words")}</Empty>
        </div>
      ) : (
        <div className="panel matrix">
          <Heading rows={rows.length} count={count} place={places.find((x) => x.id === territory)?.name ?? ""} q={q} />
          <table>
            <thead>
              <tr>
                <th scope="col">{t("matrix.site")}</th>
                {kinds.map((kind) => (
                  <th key={kind} scope="col" title={list.data.pages[0]?.required.find((r) => r.kind === kind)?.source}>
                    {t(`people.kind.${kind}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <th scope="row">
                    <b>{row.name}</b>
                    <span className="note">
                      {row.organisation} {row.territory}
                    </span>
                  </th>
                  {kinds.map((kind) => (
                    <td key={kind} data-kind={t(`people.kind.${kind}`)}>
                      <Square row={row} kind={kind} mend={mend} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <footer>
            <span>{t("table.shown", { shown: rows.length, count })}</span>
            {list.hasNextPage && (
              <Button size="small" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {t("table.more")}
              </Button>
            )}
            <span className="matrix-foot">{t("matrix.foot")}</span>
            <NotSaved error={list.isFetchNextPageError ? list.error : null} />
          </footer>
        </div>
      )}
      {scope && <AssignForm scope={scope} close={() => setScope(null)} />}
    </Room>
  );
}
