import { Button, Input, Modal, Popconfirm } from "antd";
import { t } from "i18next";
import { ChevronLeft, ChevronRight, Printer } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { api, got } from "../../api/client";
import { Exchange } from "../../kit/import/Exchange";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { date, moment, monthDay, shortTime } from "../../time/words";
import { SwapForm } from "./changes";
import { ReasonForm, ReplaceForm, SeriesForm } from "./forms";
import { useCalendar, useChange, useHandover, useHandovers, type CalendarRow, type CalendarShift, type Handover } from "./queries";
import { Room, useMay } from "./Room";
import { dayAfter, share } from "./times";

const DAYS = 7;

function span(start: string, end: string): string {
  return `${monthDay(start)} ${shortTime(start)}\u2013${shortTime(end)}`;
}

function state(shift: CalendarShift, now: number): string {
  if (shift.signed_out_at !== null) return "out";
  if (shift.signed_in_at !== null) return "in";
  return Date.parse(shift.starts_at) <= now ? "late" : "plan";
}

/** Names in a county's table often begin with the office, which the row has said already. */
function shortName(name: string, organisation: string): string {
  return name.startsWith(organisation) && name.length > organisation.length ? name.slice(organisation.length) : name;
}

function Bar({ shift, office, start, end, now, pick }: { office: string; shift: CalendarShift; start: string; end: string; now: number; pick: (shift: CalendarShift) => void }): ReactNode {
  const left = share(shift.starts_at, start, end);
  const width = share(shift.ends_at, start, end) - left;
  const how = state(shift, now);
  return (
    <button
      type="button"
      className={`rbar rbar-${how}${shift.double ? " rbar-double" : ""}${shift.mine ? " rbar-mine" : ""}`}
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      title={`${span(shift.starts_at, shift.ends_at)} ${shift.person.name} ${t(`roster.bar.${how}`)}`}
      onClick={() => pick(shift)}
    >
      <span>{shortName(shift.person.name, office)}</span>
    </button>
  );
}

function Lane({ row, start, end, now, pick, plan }: { row: CalendarRow; start: string; end: string; now: number; pick: (shift: CalendarShift) => void; plan: ((post: number, from: string) => void) | null }): ReactNode {
  return (
    <div className="rrow">
      <div className="rpost">
        <b>{row.post.name}</b>
        <span className="note">{row.organisation.name}</span>
      </div>
      <div className="rlane">
        {row.gaps.map((gap) => (
          <i key={gap.start} className="rgap" style={{ left: `${share(gap.start, start, end) * 100}%`, width: `${(share(gap.end, start, end) - share(gap.start, start, end)) * 100}%` }} title={`${moment(gap.start, now)}\u2013${moment(gap.end, now)} ${t("roster.gap")}`} />
        ))}
        {row.shifts.map((shift) => (
          <Bar key={shift.id} shift={shift} office={row.organisation.name} start={start} end={end} now={now} pick={pick} />
        ))}
      </div>
      <div className="rsay">
        {row.gaps.length > 0 && row.gaps[0] ? (
          <>
            <b>{t("roster.gap.from", { at: moment(row.gaps[0].start, now) })}</b>
            {plan && (
              <Button size="small" aria-label={t("roster.series.voice", { post: `${row.organisation.name}${row.post.name}` })} onClick={() => plan(row.post.id, row.gaps[0]?.start ?? start)}>
                {t("roster.series")}
              </Button>
            )}
          </>
        ) : (
          <span className="note">{t("roster.full")}</span>
        )}
      </div>
      <ul className="rlist">
        {row.shifts.map((shift) => (
          <li key={shift.id}>
            <button type="button" onClick={() => pick(shift)}>
              {span(shift.starts_at, shift.ends_at)} <b>{shortName(shift.person.name, row.organisation.name)}</b> <span className="note">{t(`roster.bar.${state(shift, now)}`)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Whether the shift may be signed in to now, as the server says from when on. Pure. */
export function maySignIn(shift: Pick<CalendarShift, "sign_in_from" | "ends_at" | "signed_in_at" | "signed_out_at">, now: number): boolean {
  return shift.signed_in_at === null && shift.signed_out_at === null && Date.parse(shift.sign_in_from) <= now && now < Date.parse(shift.ends_at);
}

/** One shift: who, when, what may be done with it. */
function ShiftLook({ shift, post, rows, close, hand }: { shift: CalendarShift; post: string; rows: readonly CalendarRow[]; close: () => void; hand: () => void }): ReactNode {
  const may = useMay();
  const now = useNow();
  const [form, setForm] = useState<"replace" | "swap" | "cancel" | null>(null);
  const about = `${post} ${span(shift.starts_at, shift.ends_at)} ${shift.person.name}`;
  const over = Date.parse(shift.ends_at) <= now || shift.signed_out_at !== null;
  const sign = useChange(() => (shift.signed_in_at === null ? got(api.POST("/api/v1/roster/sign-in")) : got(api.POST("/api/v1/roster/sign-out"))));
  if (form === "replace") return <ReplaceForm shift={shift.id} post={rows.find((row) => row.shifts.some((one) => one.id === shift.id))?.post.id} about={about} close={close} />;
  if (form === "swap") return <SwapForm shift={shift} rows={rows} about={about} close={close} />;
  if (form === "cancel")
    return <ReasonForm title={t("roster.cancel.title")} verb={t("roster.cancel")} about={about} close={close} send={(reason) => got(api.POST("/api/v1/roster/shifts/{id}/cancel", { params: { path: { id: shift.id } }, body: { reason } }))} />;
  return (
    <Modal open title={about} footer={null} onCancel={close}>
      <p className="second">
        {t(`roster.bar.${state(shift, now)}`)}
        {shift.signed_in_at !== null && ` ${t("roster.signedIn", { at: moment(shift.signed_in_at, now) })}`}
        {shift.mine && shift.signed_in_at === null && Date.parse(shift.sign_in_from) > now && ` ${t("roster.signIn.from", { at: moment(shift.sign_in_from, now) })}`}
        {shift.double && ` ${t("roster.double")}`}
      </p>
      <div className="racts">
        {shift.mine && maySignIn(shift, now) && (
          <Button type="primary" loading={sign.isPending} onClick={() => sign.mutate(undefined, { onSuccess: close })}>
            {t("roster.signIn")}
          </Button>
        )}
        {shift.mine && shift.signed_in_at !== null && (
          <Button type="primary" onClick={hand}>
            {t("handover.write")}
          </Button>
        )}
        {shift.mine && !over && shift.signed_in_at !== null && (
          <Popconfirm icon={null} title={t("roster.signOut.sure")} description={t("roster.signOut.means")} okText={t("roster.signOut")} cancelText={t("act.back")} onConfirm={() => sign.mutate(undefined, { onSuccess: close })}>
            <Button loading={sign.isPending}>{t("roster.signOut")}</Button>
          </Popconfirm>
        )}
        {may("roster.edit") && !over && <Button onClick={() => setForm("replace")}>{t("roster.replace")}</Button>}
        {may("roster.edit") && Date.parse(shift.starts_at) > now && <Button onClick={() => setForm("swap")}>{t("roster.swap")}</Button>}
        {may("roster.edit") && Date.parse(shift.starts_at) > now && <Button onClick={() => setForm("cancel")}>{t("roster.cancel")}</Button>}
      </div>
      <NotSaved error={sign.error} />
    </Modal>
  );
}

/** The note, its two signatures, and the sheet to print. */
function HandoverLook({ id, shift, close }: { id: number; shift: number; close: () => void }): ReactNode {
  const found = useHandover(id).data;
  if (id > 0 && !found) return null;
  return <HandoverForm key={found?.state ?? "new"} handover={found ?? null} shift={found?.shift ?? shift} close={close} />;
}

function HandoverForm({ handover, shift, close }: { handover: Handover | null; shift: number; close: () => void }): ReactNode {
  const now = useNow();
  const [note, setNote] = useState(handover?.note ?? "");
  const [reason, setReason] = useState("");
  const draft = handover === null || (handover.state === "draft" && handover.mine);
  const why = (verb: string): string | null => handover?.acts.find((act) => act.verb === verb)?.why_not ?? null;
  const write = useChange(() => got(api.PUT("/api/v1/roster/shifts/{id}/handover", { params: { path: { id: shift } }, body: { note } })));
  const sign = useChange(async (verb: "hand" | "take") => {
    const id = handover?.id ?? (await got(api.PUT("/api/v1/roster/shifts/{id}/handover", { params: { path: { id: shift } }, body: { note } }))).id;
    if (verb === "hand") await got(api.PUT("/api/v1/roster/shifts/{id}/handover", { params: { path: { id: shift } }, body: { note } }));
    return got(api.POST(verb === "hand" ? "/api/v1/roster/handovers/{id}/hand" : "/api/v1/roster/handovers/{id}/take", { params: { path: { id } } }));
  });
  const back = useChange(() => got(api.POST("/api/v1/roster/handovers/{id}/return", { params: { path: { id: handover?.id ?? 0 } }, body: { reason } })));
  const levels = Object.entries(handover?.figures.levels ?? {}).filter(([, n]) => n > 0).reverse();
  return (
    <Modal open title={handover ? `${handover.organisation.name}${handover.post.name} ${span(handover.starts_at, handover.ends_at)}` : t("handover.write")} footer={null} onCancel={close}>
      <div className="pform">
        {handover && handover.returned !== "" && handover.state === "draft" && <p className="notsaved">{t("handover.returned", { reason: handover.returned })}</p>}
        {draft ? (
          <label className="pfield">
            <span>{t("handover.note")}</span>
            <Input.TextArea rows={6} autoFocus value={note} placeholder={t("handover.hint")} onChange={(e) => setNote(e.target.value)} />
          </label>
        ) : (
          <p className="hnote">{handover.note}</p>
        )}
        {handover && handover.state !== "draft" && (
          <dl className="hfacts">
            <dt>{t("handover.open")}</dt>
            <dd>{levels.length === 0 ? t("handover.none") : levels.map(([level, n]) => `${t(`level.${level}.word`)} ${n}`).join(" ")}</dd>
            <dt>{t("handover.outgoing")}</dt>
            <dd>{handover.handed_at ? `${handover.outgoing ?? ""} ${moment(handover.handed_at, now)}` : t("handover.unsigned")}</dd>
            <dt>{t("handover.incoming")}</dt>
            <dd>{handover.taken_at ? `${handover.incoming ?? ""} ${moment(handover.taken_at, now)}` : t("handover.unsigned")}</dd>
          </dl>
        )}
        <div className="racts">
          {draft && (
            <>
              <Button type="primary" disabled={note.trim() === ""} loading={sign.isPending} onClick={() => sign.mutate("hand", { onSuccess: close })}>
                {t("handover.hand")}
              </Button>
              <Button loading={write.isPending} onClick={() => write.mutate(undefined, { onSuccess: close })}>
                {t("people.save")}
              </Button>
            </>
          )}
          {handover?.state === "handed" && (
            <Button type="primary" disabled={why("take") !== null} loading={sign.isPending} onClick={() => sign.mutate("take", { onSuccess: close })}>
              {t("handover.take")}
            </Button>
          )}
          {handover && handover.state !== "draft" && (
            <Button href={`/api/v1/roster/handovers/${handover.id}/sheet`} icon={<Printer size={15} strokeWidth={1.6} aria-hidden />}>
              {t("handover.sheet")}
            </Button>
          )}
        </div>
        {handover?.state === "handed" && why("take") !== null && <p className="note">{why("take")}</p>}
        {handover?.state === "handed" && why("return") === null && (
          <div className="racts">
            <Input value={reason} aria-label={t("handover.return.reason")} placeholder={t("handover.return.reason")} onChange={(e) => setReason(e.target.value)} />
            <Button disabled={reason.trim() === ""} loading={back.isPending} onClick={() => back.mutate(undefined, { onSuccess: close })}>
              {t("handover.return")}
            </Button>
          </div>
        )}
        <NotSaved error={sign.error ?? write.error ?? back.error} />
      </div>
    </Modal>
  );
}

function Handovers({ open }: { open: (id: number) => void }): ReactNode {
  const list = useHandovers().data?.items ?? [];
  return (
    <Panel title={t("handover.title")} note={t("handover.note.both")} flush action={<Exchange table="handovers" brief />}>
      {list.length === 0 ? (
        <Empty title={t("handover.empty")}>{t("handover.empty.words")}</Empty>
      ) : (
        <ul className="hlist">
          {list.map((h) => (
            <li key={h.id}>
              <button type="button" onClick={() => open(h.id)}>
                <b>{span(h.starts_at, h.ends_at)}</b>
                <span>
                  {h.organisation.name}
                  {h.post.name} {h.outgoing}
                </span>
                <em className={`tag${h.state === "handed" ? " tag-ink" : ""}`}>{t(`handover.state.${h.state}`)}</em>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** The roster by days: who is on, where nobody is, who is in two places; below it the handovers. */
export default function Roster(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const now = useNow();
  const may = useMay();
  const start = search.get("from") ?? date(now);
  const open = Number(search.get("handover"));
  const calendar = useCalendar(start, DAYS);
  const [picked, setPicked] = useState<{ shift: CalendarShift; post: string } | null>(null);
  const [plan, setPlan] = useState<{ post?: number; first?: string } | null>(null);
  const [writing, setWriting] = useState<number | null>(null);
  const go = (day: string): void => setSearch({ from: day }, { replace: true });
  const data = calendar.data;
  const gaps = data?.rows.reduce((sum, row) => sum + row.gaps.length, 0) ?? 0;
  const sentence = !data ? t("people.tab.roster") : data.rows.length === 0 ? t("roster.sentence.none") : gaps > 0 ? t("roster.sentence.gaps", { n: data.rows.length, gaps }) : t("roster.sentence", { n: data.rows.length });
  const days = Array.from({ length: DAYS }, (_, i) => dayAfter(start, i));
  // From the desk: the note of the watch one is on.
  const hands = search.get("hand") === "mine" && data !== undefined;
  useEffect(() => {
    if (!hands) return;
    const watch = data.rows.flatMap((row) => row.shifts).find((shift) => shift.mine && state(shift, now) === "in");
    setSearch(watch && watch.handover_id !== null ? { handover: String(watch.handover_id) } : {}, { replace: true });
    if (watch && watch.handover_id === null) setWriting(watch.id);
  });
  return (
    <Room
      sentence={sentence}
      tools={
        <>
          <Button aria-label={t("roster.before")} icon={<ChevronLeft size={16} strokeWidth={1.6} aria-hidden />} onClick={() => go(dayAfter(start, -DAYS))} />
          <Button onClick={() => go(date(now))}>{t("roster.today")}</Button>
          <Button aria-label={t("roster.after")} icon={<ChevronRight size={16} strokeWidth={1.6} aria-hidden />} onClick={() => go(dayAfter(start, DAYS))} />
          <Exchange table="shifts" filter={{ start, days: DAYS }} />
          {may("roster.edit") && (
            <Button type="primary" onClick={() => setPlan({})}>
              {t("roster.series")}
            </Button>
          )}
        </>
      }
    >
      {calendar.error && !data ? (
        <div className="panel">
          <Failed error={calendar.error} what={t("people.tab.roster")} again={() => void calendar.refetch()} />
        </div>
      ) : !data ? (
        <div className="panel">
          <Loading what={t("people.tab.roster")} />
        </div>
      ) : data.rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("roster.empty")}>{t("roster.empty.words")}</Empty>
        </div>
      ) : (
        <div className="panel roster">
          <div className="rrow rhead">
            <div className="rpost">{t("people.post")}</div>
            <div className="rlane rdays">
              {days.map((day) => (
                <span key={day} className={day === date(now) ? "rtoday" : undefined}>
                  {monthDay(`${day}T12:00:00+08:00`)}
                </span>
              ))}
              {share(new Date(now).toISOString(), data.start, data.end) % 1 !== 0 && <i className="rnow" style={{ left: `${share(new Date(now).toISOString(), data.start, data.end) * 100}%` }} />}
            </div>
            <div className="rsay">{t("roster.gap")}</div>
          </div>
          {data.rows.map((row) => (
            <Lane key={row.post.id} row={row} start={data.start} end={data.end} now={now} plan={may("roster.edit") ? (post, first) => setPlan({ post, first }) : null} pick={(shift) => setPicked({ shift, post: `${row.organisation.name}${row.post.name}` })} />
          ))}
        </div>
      )}
      <Handovers open={(id) => setSearch({ ...(search.get("from") ? { from: start } : {}), handover: String(id) })} />
      {picked && (
        <ShiftLook
          shift={picked.shift}
          post={picked.post}
          rows={data?.rows ?? []}
          close={() => setPicked(null)}
          hand={() => {
            if (picked.shift.handover_id !== null) setSearch({ handover: String(picked.shift.handover_id) });
            else setWriting(picked.shift.id);
            setPicked(null);
          }}
        />
      )}
      {plan && <SeriesForm {...plan} close={() => setPlan(null)} />}
      {(open > 0 || writing !== null) && (
        <HandoverLook
          id={open}
          shift={writing ?? 0}
          close={() => {
            setWriting(null);
            if (open > 0) setSearch(search.get("from") ? { from: start } : {}, { replace: true });
          }}
        />
      )}
    </Room>
  );
}
