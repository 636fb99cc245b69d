import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { useAnySite } from "../../api/queries";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, Loading } from "../../kit/States";
import { Exchange } from "../../kit/import/Exchange";
import { FirstSteps, StepsLeft } from "../start/FirstSteps";
import { AccountForm, AssignForm, HoldForm, ReasonForm, ReplaceForm, SeriesForm } from "./forms";
import { useFindings, type Finding } from "./queries";
import { Room, useMay } from "./Room";

const right: Record<string, string> = {
  "post.nobody": "responsibility.edit",
  "person.unreachable": "user.manage",
  "roster.gap": "roster.edit",
  "roster.double": "roster.edit",
  "leave.no_deputy": "responsibility.edit",
  "site.no_kind": "responsibility.edit",
  "site.no_rescue": "responsibility.edit",
  "responsibility.ended": "responsibility.edit",
  "responsibility.ending": "responsibility.edit",
  "responsibility.overlap": "responsibility.edit",
  "person.two_rungs": "responsibility.edit",
};

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const orNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** The form that mends a finding, with what is known of it filled in. */
function Mend({ finding, close }: { finding: Finding; close: () => void }): ReactNode {
  const { fix, kind } = finding;
  const about = finding.text;
  switch (kind) {
    case "post.nobody":
    case "person.two_rungs":
      return <HoldForm post={number(fix.post)} about={about} close={close} />;
    case "leave.no_deputy":
      return <HoldForm post={number(fix.post)} rank={1} about={about} close={close} />;
    case "person.unreachable":
      return <AccountForm person={number(fix.person)} about={about} close={close} />;
    case "roster.gap":
      return <SeriesForm post={number(fix.post)} first={text(fix.from)} close={close} />;
    case "roster.double":
      return <ReplaceForm shift={number(fix.shift)} post={number(fix.post)} about={about} close={close} />;
    case "responsibility.overlap":
      return (
        <ReasonForm
          title={t("people.end.title")}
          verb={t("people.end")}
          about={about}
          close={close}
          send={(reason) => got(api.POST("/api/v1/responsibilities/{id}/end", { params: { path: { id: number(fix.responsibility) } }, body: { reason } }))}
        />
      );
    default:
      return (
        <AssignForm
          scope={{ site: orNull(fix.site), organisation: orNull(fix.organisation), territory: orNull(fix.territory), kind: text(fix.kind) ?? "territorial", ...(typeof fix.rung === "number" ? { rung: fix.rung } : {}), about }}
          close={close}
        />
      );
  }
}

function Verb({ finding, open }: { finding: Finding; open: (finding: Finding) => void }): ReactNode {
  const may = useMay();
  if (finding.kind === "obligation.overdue") return <Link to={`/people/obligations?due=${number(finding.fix.due)}`}>{t("act.look")}</Link>;
  if (!may(right[finding.kind] ?? "")) return <span className="note">{t("people.askAdmin")}</span>;
  return (
    <Button size="small" onClick={() => open(finding)}>
      {t(`finding.verb.${finding.kind}`)}
    </Button>
  );
}

/** Only some are of a law: without one the sentence has the room. */
function columns(open: (finding: Finding) => void, cited: boolean): Column<Finding>[] {
  return [
    { key: "kind", title: t("finding.kind"), cell: (f) => <span className="tag">{t(`finding.${f.kind}`)}</span> },
    { key: "text", title: t("finding.text"), grow: 70, cell: (f) => <span title={f.text}>{f.text}</span> },
    ...(cited ? [{ key: "source", title: t("finding.source"), grow: 22, from: "wide" as const, cell: (f: Finding) => <span className="second" title={f.source}>{f.source}</span> }] : []),
    { key: "verb", title: t("finding.verb"), right: true, cell: (f) => <Verb finding={f} open={open} /> },
  ];
}

/** Holes and overlaps, most dangerous first, each with the verb that mends it. */
export default function Findings(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const [mending, setMending] = useState<Finding | null>(null);
  const kind = search.get("kind") ?? "";
  const list = useFindings(kind);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const kinds = Object.entries(list.data?.pages[0]?.kinds ?? {});
  const all = kinds.reduce((sum, [, n]) => sum + n, 0);
  const empty = useAnySite(list.data !== undefined && all === 0).data === false;
  const mayBegin = useMay()("user.manage");
  const unheard = kinds.filter(([k]) => ["post.nobody", "person.unreachable"].includes(k)).reduce((sum, [, n]) => sum + n, 0);
  const sentence = !list.data ? t("nav.people") : empty ? (mayBegin ? t("first.sentence") : t("finding.noSite")) : all === 0 ? t("finding.sentence.none") : unheard > 0 ? t("finding.sentence.unheard", { n: all, unheard }) : t("finding.sentence", { n: all });
  return (
    <Room sentence={sentence} tools={empty ? undefined : <Exchange table="responsibility-findings" filter={{ kind }} />}>
      {mayBegin && list.data !== undefined && !empty && <StepsLeft />}
      {kinds.length > 1 && (
        <div className="filters finding-kinds">
          {kinds.map(([k, n]) => (
            <button key={k} type="button" className="chip" aria-pressed={k === kind} onClick={() => setSearch(k === kind ? {} : { kind: k }, { replace: true })}>
              {t(`finding.${k}`)} <b>{n}</b>
            </button>
          ))}
        </div>
      )}
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("people.tab.findings")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("people.tab.findings")} />
        </div>
      ) : empty && mayBegin ? (
        <FirstSteps />
      ) : rows.length === 0 ? (
        <div className="panel">
          {empty ? <Empty title={t("finding.noSite")}>{t("finding.noSite.words")}</Empty> : <Empty title={t("finding.empty")}>{t("finding.empty.words")}</Empty>}
        </div>
      ) : (
        <ResourceTable
          label={t("people.tab.findings")}
          columns={columns(setMending, rows.some((f) => f.source !== ""))}
          rows={rows}
          count={list.data.pages[0]?.count ?? 0}
          id={(f) => f.id}
          card={(f) => (
            <span className="fcard">
              <span className="tag">{t(`finding.${f.kind}`)}</span>
              <b>{f.text}</b>
              <Verb finding={f} open={setMending} />
            </span>
          )}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
      {mending && <Mend finding={mending} close={() => setMending(null)} />}
    </Room>
  );
}
