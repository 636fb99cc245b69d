import { Button, Checkbox, Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { fresh, useKey, type Keyed } from "../../api/keys";
import { here, drop, keep, read, type Kept } from "../../kept";
import { Clock } from "../../kit/Clock";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useMe } from "../../kit/shell/Shell";
import { serverNow, useNow } from "../../time/server";
import { date, moment, shortTime } from "../../time/words";
import { asProblem } from "../../api/problem";
import { useDraft, useSend, useSuperiors, type About, type Draft, type Kind, type Superior, type Target, type Way } from "./queries";
import { limitOf } from "./words";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

const ways: Way[] = ["channel", "phone", "fax", "system", "paper"];

interface Writing {
  kind: Kind;
  title: string;
  text: string;
  signer: string;
  to: Target[];
  /** What the draft was made of; sent with the report, so that what has changed since is told. */
  facts?: Draft["facts"];
}

/** What is kept on this device until it is sent, with the key it is sent under. */
interface Piece {
  writing: Writing;
  keyed: Keyed;
}

function start(draft: Draft, offices: readonly Superior[]): Writing {
  const to = draft.to.map((id): Target => ({ superior: id, way: offices.find((one) => one.id === id)?.channel ? "channel" : "phone", detail: "" }));
  return { kind: draft.kind, title: draft.title, text: draft.text, signer: "", to, facts: draft.facts };
}

/** Why it cannot be sent yet, or null. Pure. */
export function lacking(told: Pick<Writing, "title" | "text" | "to">): string | null {
  if (told.title.trim() === "" || told.text.trim() === "") return t("report.need.text");
  if (told.to.length === 0) return t("report.need.to");
  if (told.to.some((one) => one.way !== "channel" && (one.detail ?? "").trim() === "")) return t("report.need.detail");
  return null;
}

function Offices({ offices, to, set }: { offices: readonly Superior[]; to: Target[]; set: (to: Target[]) => void }): ReactNode {
  const change = (id: number, part: Partial<Target>): void => set(to.map((one) => (one.superior === id ? { ...one, ...part } : one)));
  return (
    <ul className="report-offices">
      {offices.map((office) => {
        const chosen = to.find((one) => one.superior === office.id);
        const way: Way = office.channel ? "channel" : "phone";
        return (
          <li key={office.id}>
            <Checkbox checked={chosen !== undefined} onChange={(event) => set(event.target.checked ? [...to, { superior: office.id, way, detail: "" }] : to.filter((one) => one.superior !== office.id))}>
              <b>{office.title}</b>
            </Checkbox>
            {chosen && (
              <div className="report-way">
                <Select aria-label={t("report.way.of", { office: office.title })} value={chosen.way ?? way} onChange={(value: Way) => change(office.id, { way: value })} options={ways.filter((one) => one !== "channel" || office.channel).map((value) => ({ value, label: t(`report.way.${value}`) }))} />
                {chosen.way === "channel" ? (
                  <span className="second">{t("report.by", { channel: office.channel?.title ?? "" })}</span>
                ) : (
                  <Input aria-label={t("report.told.of", { office: office.title })} maxLength={200} placeholder={office.phone ? t("report.told.phone", { phone: office.phone }) : t("report.told.hint")} value={chosen.detail ?? ""} onChange={(event) => change(office.id, { detail: event.target.value })} />
                )}
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** When it was drawn up, to the minute. */
function when(at: number, now: number): string {
  return date(at) === date(now) ? shortTime(at) : moment(at, now);
}

/** What was written before and not sent: its facts are of then, so the writer says whether it goes on or is drawn up anew. */
function Offer({ kept, take, anew }: { kept: Kept<Piece>; take: () => void; anew: () => void }): ReactNode {
  const now = useNow();
  const at = when(kept.drawn, now);
  return (
    <Panel title={t("report.kept")} note={t("report.kept.note", { at })}>
      <p>{kept.told.keyed.open ? t("report.kept.sent", { at: when(kept.at, now) }) : t("report.kept.words", { at })}</p>
      <blockquote className="report-before">
        <b>{kept.told.writing.title}</b>
        {kept.told.writing.text}
      </blockquote>
      <div className="report-acts">
        <Button size="large" onClick={take}>
          {t("report.kept.take", { at })}
        </Button>
        <Button size="large" onClick={anew}>
          {t("report.anew")}
        </Button>
      </div>
    </Panel>
  );
}

/** Not sent: what it was drawn up from has changed. The new draft, or as it stands; or one's own hand, and sent again. */
function Changed({ words, busy, anew, send }: { words: string; busy: boolean; anew: () => void; send: () => void }): ReactNode {
  return (
    <div className="notsaved" role="alert">
      <b>{t("report.changed")}</b>
      {words}
      <p>{t("report.changed.means")}</p>
      <div className="report-acts">
        <Button disabled={busy} onClick={anew}>
          {t("report.changed.anew")}
        </Button>
        <Button disabled={busy} onClick={send}>
          {t("report.changed.send")}
        </Button>
      </div>
    </div>
  );
}

interface FormProps {
  about: About;
  draft: Draft;
  /** The facts as they are now, drawn up once more. */
  renew: () => Promise<Draft | undefined>;
  offices: readonly Superior[];
  again: (kind: Kind) => void;
  back: string;
  /** When this page was opened: what was written since is simply gone on with. */
  opened: number;
}

function Form({ about, draft, renew, offices, again, back, opened }: FormProps): ReactNode {
  const me = useMe().user.id;
  const now = useNow();
  const what = `report:${"warning" in about ? `w${about.warning}` : `o${about.order}`}:${draft.kind}`;
  const [kept] = useState(() => read<Piece>(here(), me, what));
  const own = kept !== null && kept.at >= opened;
  const [offered, setOffered] = useState(kept !== null && !own);
  const [told, setTold] = useState<Writing>(() => (own ? kept.told.writing : start(draft, offices)));
  const [drawn, setDrawn] = useState(() => (own ? kept.drawn : serverNow()));
  const [pressed, setPressed] = useState(false);
  const [drawing, setDrawing] = useState(false);
  const keyed = useKey(() => kept?.told.keyed ?? fresh());
  const send = useSend(about);
  const navigate = useNavigate();
  const store = (writing: Writing): void => keep(here(), what, { user: me, drawn, at: serverNow(), told: { writing, keyed: keyed.now() } });
  const refusal = asProblem(send.error);
  const stale = refusal.code === "report.stale";
  const set = (part: Partial<Writing>): void => {
    // Whoever was told what has changed and then writes has written knowing it.
    const known = stale && (part.text !== undefined || part.title !== undefined) ? { facts: refusal.facts } : {};
    const next = { ...told, ...part, ...known };
    setTold(next);
    store(next);
  };
  const take = (): void => {
    if (kept === null) return;
    setTold(kept.told.writing);
    setDrawn(kept.drawn);
    setOffered(false);
  };
  const anew = async (): Promise<void> => {
    setDrawing(true);
    const next = await renew();
    setDrawing(false);
    if (next === undefined) return;
    send.reset();
    setTold({ ...start(next, offices), signer: told.signer, to: told.to });
    setDrawn(serverNow());
  };
  const lack = lacking(told);
  const go = (asItStands = false): void => {
    setPressed(true);
    if (lack !== null) return;
    const key = keyed.take(told);
    // Kept before it goes: if the answer is lost with this page, the next sending is known to be the same.
    store(told);
    send.mutate(
      { key, ...told, as_it_stands: asItStands },
      {
        onSuccess: (made) => {
          drop(here(), me, what);
          void navigate(`/reports/${made.id}`, { replace: true });
        },
        onError: (error) => {
          keyed.failed(error);
          store(told);
        },
      },
    );
  };
  if (offered && kept !== null) return <Offer kept={kept} take={take} anew={() => setOffered(false)} />;
  return (
    <div className="report-form">
      <Panel
        title={t("report.words")}
        note={t("report.words.note", { at: when(drawn, now) })}
        action={
          <button type="button" className="linkish" disabled={drawing} onClick={() => void anew()}>
            {t("report.anew")}
          </button>
        }
      >
        {draft.kinds.length > 1 && (
          <div className="report-kinds" role="radiogroup" aria-label={t("report.kind")}>
            {draft.kinds.map((kind) => (
              <button key={kind} type="button" role="radio" aria-checked={kind === draft.kind} onClick={() => again(kind)}>
                {t(`report.kind.${kind}`)}
              </button>
            ))}
          </div>
        )}
        <label htmlFor="report-title">{t("report.heading")}</label>
        <Input id="report-title" maxLength={160} value={told.title} onChange={(event) => set({ title: event.target.value })} />
        <label htmlFor="report-text">{t("report.text")}</label>
        <Input.TextArea id="report-text" autoSize={{ minRows: 12, maxRows: 30 }} maxLength={5000} value={told.text} onChange={(event) => set({ text: event.target.value })} />
        <p className="note">{t("report.text.note")}</p>
        <label htmlFor="report-signer">{t("report.signer")}</label>
        <Input id="report-signer" maxLength={80} value={told.signer} placeholder={t("report.signer.hint")} onChange={(event) => set({ signer: event.target.value })} />
      </Panel>
      <div className="report-side">
        <Panel title={t("report.to")}>
          {offices.length === 0 ? (
            <p className="note">
              {t("report.noOffices")} <Link to="/reports?tab=superiors">{t("report.tab.superiors")}</Link>
            </p>
          ) : (
            <Offices offices={offices} to={told.to} set={(to) => set({ to })} />
          )}
        </Panel>
        {pressed && lack !== null && (
          <p className="notsaved" role="alert">
            {lack}
          </p>
        )}
        {stale ? <Changed words={refusal.message} busy={drawing || send.isPending} anew={() => void anew()} send={() => go(true)} /> : <NotSaved error={send.error} />}
        <div className="report-acts">
          <Button type="primary" size="large" loading={send.isPending} onClick={() => go()}>
            {t("report.act.send")}
          </Button>
          <Link to={back}>
            <Button size="large">{t("act.back")}</Button>
          </Link>
        </div>
        <p className="note">{t("report.sealed")}</p>
      </div>
    </div>
  );
}

/** Writing a report: the house's own words to start from, the offices the policy names, one press. */
export default function ReportEditor({ of }: { of: "warning" | "order" }): ReactNode {
  const params = useParams();
  const id = Number(of === "warning" ? params.warningId : params.orderId);
  const about: About = of === "warning" ? { warning: id } : { order: id };
  const back = of === "warning" ? `/warnings/${id}` : `/orders/${id}`;
  const [kind, setKind] = useState<Kind | "">("");
  const [opened] = useState(serverNow);
  const draft = useDraft(about, kind);
  const offices = useSuperiors();
  useCrumb(of === "warning" ? t("nav.warnings") : t("order.title"), back, t("report.act.send"));
  const wrong = draft.error ?? offices.error;
  if (wrong) {
    const lost = asProblem(wrong).status === 404;
    return lost ? <Empty title={t("report.missing")} action={<Link to="/reports">{t("report.toList")}</Link>} /> : <Failed error={wrong} what={t("report.title")} again={() => void Promise.all([draft.refetch(), offices.refetch()])} />;
  }
  if (!draft.data || !offices.data) return <Loading what={t("report.title")} />;
  const due = draft.data.due_at;
  return (
    <div className="page reports">
      <div className="points-head">
        <h1>{draft.data.title}</h1>
        {due && <Clock limit={limitOf("report", new Date(Math.min(serverNow(), Date.parse(due) - 3_600_000)).toISOString(), due)} />}
      </div>
      <Form key={draft.data.kind} about={about} draft={draft.data} renew={async () => (await draft.refetch()).data} offices={offices.data.items.filter((one) => one.enabled)} again={setKind} back={back} opened={opened} />
    </div>
  );
}
