import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { Panel } from "../../kit/Panel";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { Exchange } from "../../kit/import/Exchange";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Dialog, Field } from "./Dialog";
import { ObligationForm, ReasonForm } from "./forms";
import { useChange, useDues, useObligations, type Due, type Obligation } from "./queries";
import { Room, useMay } from "./Room";

function verb(due: Due): string {
  return due.kind === "pledge" ? t("obligation.sign") : t("obligation.do");
}

function DueState({ due }: { due: Due }): ReactNode {
  const now = useNow();
  if (due.state === "done") return <span className="second">{t("obligation.doneAt", { at: due.done_at ? moment(due.done_at, now) : "", who: due.done_by ?? "" })}</span>;
  if (due.overdue) return <em className="tag tag-ink">{t("obligation.overdue")}</em>;
  return <span className="second">{t(`obligation.state.${due.state}`)}</span>;
}

function columns(open: (due: Due) => void): Column<Due>[] {
  return [
    { key: "due", title: t("obligation.due"), cell: (d) => d.due_on },
    { key: "title", title: t("obligation.title"), grow: 34, cell: (d) => <b className="otitle">{d.title}</b> },
    { key: "post", title: t("people.post"), grow: 26, cell: (d) => `${d.organisation.name} ${d.post.name}` },
    { key: "party", title: t("obligation.party"), from: "wide", cell: (d) => <span className="second">{d.party}</span> },
    { key: "source", title: t("finding.source"), grow: 24, from: "wide", cell: (d) => <span className="second">{d.source}</span> },
    { key: "state", title: t("obligation.state"), cell: (d) => <DueState due={d} /> },
    {
      key: "verb",
      title: t("finding.verb"),
      right: true,
      cell: (d) => (
        <Button size="small" onClick={() => open(d)}>
          {d.why_not === null ? verb(d) : t("act.look")}
        </Button>
      ),
    },
  ];
}

/** What is to be signed or done, in full, and the one verb. */
function DueLook({ due, close }: { due: Due; close: () => void }): ReactNode {
  const [note, setNote] = useState("");
  const send = useChange(() => got(api.POST("/api/v1/obligations/dues/{id}/do", { params: { path: { id: due.id } }, body: { note } })));
  return (
    <Dialog title={due.title} verb={verb(due)} busy={send.isPending} error={send.error} close={close} can={due.why_not === null} send={() => send.mutate(undefined, { onSuccess: close })}>
      <p className="second">
        {due.organisation.name}
        {due.post.name} {t("obligation.by", { day: due.due_on })} {due.party}
      </p>
      {due.text !== "" && <p className="hnote">{due.text}</p>}
      <p className="note">{due.source}</p>
      {due.why_not === null ? (
        <Field label={t("form.note")}>
          <Input.TextArea rows={2} value={note} onChange={(e) => setNote(e.target.value)} />
        </Field>
      ) : (
        <p className="note">{due.state === "open" ? due.why_not : due.note}</p>
      )}
    </Dialog>
  );
}

function Standing(): ReactNode {
  const list = useObligations();
  const may = useMay();
  const [ending, setEnding] = useState<Obligation | null>(null);
  return (
    <Panel title={t("obligation.standing")} note={t("obligation.standing.note")} flush action={<Exchange table="obligations" brief />}>
      {!list.data ? (
        <Loading what={t("obligation.standing")} />
      ) : list.data.items.length === 0 ? (
        <Empty title={t("obligation.standing.empty")}>{t("obligation.standing.words")}</Empty>
      ) : (
        <ul className="hlist">
          {list.data.items.map((row) => (
            <li key={row.id} className="ostand">
              <b>{row.title}</b>
              <span className="second">
                {row.organisation.name}
                {row.post.name}
              </span>
              <em className="tag">{t(`obligation.${row.kind}`)}</em>
              <span className="note">
                {t(`obligation.every.${row.every}`)} {row.first_due} {row.source}
              </span>
              {may("obligation.edit") && (
                <Button size="small" type="text" onClick={() => setEnding(row)}>
                  {t("obligation.end")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {ending && (
        <ReasonForm
          title={t("obligation.end.title")}
          verb={t("obligation.end")}
          about={ending.title}
          close={() => setEnding(null)}
          send={(reason) => got(api.POST("/api/v1/obligations/{id}/end", { params: { path: { id: ending.id } }, body: { reason } }))}
        />
      )}
    </Panel>
  );
}

/** What has fallen due, open first, and what comes again. */
export default function Obligations(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const may = useMay();
  const list = useDues("");
  const [adding, setAdding] = useState(false);
  const rows = list.data?.items ?? [];
  const asked = rows.find((due) => due.id === Number(search.get("due")));
  const open = rows.filter((due) => due.state === "open").length;
  const late = rows.filter((due) => due.overdue).length;
  const sentence = !list.data ? t("people.tab.obligations") : late > 0 ? t("obligation.sentence.late", { open, late }) : t("obligation.sentence", { open });
  return (
    <Room
      sentence={sentence}
      tools={
        <>
          {may("obligation.edit") && (
            <Button type="primary" onClick={() => setAdding(true)}>
              {t("obligation.new")}
            </Button>
          )}
          <Exchange table="dues" />
        </>
      }
    >
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("people.tab.obligations")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("people.tab.obligations")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("obligation.empty")}>{t("obligation.empty.words")}</Empty>
        </div>
      ) : (
        <ResourceTable
          label={t("people.tab.obligations")}
          columns={columns((due) => setSearch({ due: String(due.id) }))}
          rows={rows}
          count={list.data.count}
          id={(d) => d.id}
          grey={(d) => d.state !== "open"}
          card={(d) => (
            <span className="fcard">
              <DueState due={d} />
              <b>{d.title}</b>
              <span className="second">
                {d.organisation.name} {d.post.name} {d.due_on}
              </span>
              <Button size="small" onClick={() => setSearch({ due: String(d.id) })}>
                {d.why_not === null ? verb(d) : t("act.look")}
              </Button>
            </span>
          )}
        />
      )}
      <div className="pgap" />
      <Standing />
      {asked && <DueLook due={asked} close={() => setSearch({}, { replace: true })} />}
      {adding && <ObligationForm close={() => setAdding(false)} />}
    </Room>
  );
}
