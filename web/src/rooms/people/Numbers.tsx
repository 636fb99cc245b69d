import { Button, Input } from "antd";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Empty, Failed, FieldWrong, Loading, isAbout } from "../../kit/States";
import { Exchange } from "../../kit/import/Exchange";
import { ago } from "../../time/words";
import { useNow } from "../../time/server";
import { Dialog, Field } from "./Dialog";
import { useChange } from "./queries";
import { Room, useMay } from "./Room";

type Row = components["schemas"]["Number"];
type State = Row["state"];
const states: State[] = ["none", "silent", "never", "reached"];

function useNumbers(state: State | "", q: string) {
  return useInfiniteQuery({
    queryKey: ["people", "numbers", state, q],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/numbers", { params: { query: { state, q, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}

/** What is known of the number, in words: when it last answered, how often not since. */
function Known({ row, now }: { row: Row; now: number }): ReactNode {
  const last = row.last_at ? t("numbers.last", { ago: ago(row.last_at, now) }) : "";
  const words = row.state === "silent" ? (row.last_at ? t("numbers.silent.since", { n: row.missed }) : t("numbers.silent.ever", { n: row.missed })) : row.state === "reached" ? "" : t(`numbers.state.${row.state}`);
  return (
    <span>
      {words !== "" && <b>{words}</b>} {last !== "" && <span className="second">{last}</span>} {row.waiting && <em className="tag">{t("numbers.waiting")}</em>}
    </span>
  );
}

/** Called now: one person, or all whose number was never tried. At night a reason is asked for. */
function Try({ row, n, close }: { row: Row | null; n: number; close: () => void }): ReactNode {
  const [reason, setReason] = useState("");
  const send = useChange(() => got(api.POST("/api/v1/numbers/test", { body: { person: row ? row.person.id : null, reason: reason.trim() } })));
  const about = isAbout(send.error, ["reason"]);
  return (
    <Dialog
      title={row ? t("numbers.try.title", { name: row.person.name, post: row.posts[0] ?? "" }) : t("numbers.tryAll.title", { n })}
      verb={t("numbers.try")}
      busy={send.isPending}
      error={about ? null : send.error}
      close={close}
      can
      send={() => send.mutate(undefined, { onSuccess: close })}
    >
      <p className="second">{t("numbers.try.means")}</p>
      <Field label={t("numbers.try.reason")}>
        <Input value={reason} maxLength={400} aria-invalid={about} aria-describedby="number-reason-wrong" onChange={(event) => setReason(event.target.value)} />
      </Field>
      <FieldWrong error={send.error} field="reason" id="number-reason-wrong" />
    </Dialog>
  );
}

/** 号码核对: whose number is known to answer, the worst first. */
export default function Numbers(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const state = states.find((one) => one === search.get("state")) ?? "";
  const [q, setQ] = useState("");
  const [trying, setTrying] = useState<Row | "all" | null>(null);
  const may = useMay()("channel.manage");
  const now = useNow();
  const list = useNumbers(state, q.trim());
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const counted = list.data?.pages[0]?.states ?? {};
  const all = Object.values(counted).reduce((sum, n) => sum + n, 0);
  const unknown = all - (counted.reached ?? 0);
  const never = counted.never ?? 0;
  const sentence = !list.data ? t("people.tab.numbers") : all === 0 ? t("numbers.sentence.nobody") : unknown === 0 ? t("numbers.sentence.all", { n: all }) : t("numbers.sentence", { n: all, unknown });
  const verb = (row: Row): ReactNode => (
    <Button size="small" disabled={!may || row.contacts === 0} title={may ? undefined : t("channels.onlyAdmins")} onClick={() => setTrying(row)}>
      {t("numbers.try")}
    </Button>
  );
  const urgency = (row: Row): ReactNode => <em className={row.urgency === "other" ? "tag" : "tag tag-ink"}>{t(`numbers.urgency.${row.urgency}`)}</em>;
  const columns: Column<Row>[] = [
    { key: "urgency", title: t("numbers.urgency"), cell: urgency },
    { key: "person", title: t("people.person"), grow: 22, cell: (row) => <span><b>{row.person.name}</b> <span className="second">{row.phone}</span></span> },
    { key: "post", title: t("people.post"), grow: 40, cell: (row) => <span title={row.posts.join("\u3001")}>{row.posts.join("\u3001")}</span> },
    { key: "known", title: t("numbers.known"), grow: 38, cell: (row) => <Known row={row} now={now} /> },
    { key: "verb", title: t("finding.verb"), right: true, cell: verb },
  ];
  return (
    <Room
      sentence={sentence}
      tools={
        <>
          <Input allowClear placeholder={t("numbers.find")} aria-label={t("numbers.find")} value={q} onChange={(event) => setQ(event.target.value)} />
          {may && never > 0 && <Button type="primary" onClick={() => setTrying("all")}>{t("numbers.tryAll", { n: never })}</Button>}
          <Exchange table="numbers" filter={{ state, q: q.trim() }} />
        </>
      }
    >
      <div className="filters finding-kinds">
        {states.filter((one) => (counted[one] ?? 0) > 0).map((one) => (
          <button key={one} type="button" className="chip" aria-pressed={one === state} onClick={() => setSearch(one === state ? {} : { state: one }, { replace: true })}>
            {t(`numbers.state.${one}`)} <b>{counted[one]}</b>
          </button>
        ))}
      </div>
      {list.error && !list.data ? (
        <div className="panel"><Failed error={list.error} what={t("people.tab.numbers")} again={() => void list.refetch()} /></div>
      ) : !list.data ? (
        <div className="panel"><Loading what={t("people.tab.numbers")} /></div>
      ) : rows.length === 0 ? (
        <div className="panel"><Empty title={q.trim() || state ? t("people.pick.none") : t("numbers.sentence.nobody")} /></div>
      ) : (
        <ResourceTable
          label={t("people.tab.numbers")}
          columns={columns}
          rows={rows}
          count={list.data.pages[0]?.count ?? 0}
          id={(row) => row.id}
          card={(row) => (
            <span className="fcard">
              {urgency(row)}
              <b>{row.person.name} {row.posts[0] ?? row.organisation}</b>
              <Known row={row} now={now} />
              {verb(row)}
            </span>
          )}
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
        />
      )}
      {trying !== null && <Try row={trying === "all" ? null : trying} n={never} close={() => setTrying(null)} />}
    </Room>
  );
}
