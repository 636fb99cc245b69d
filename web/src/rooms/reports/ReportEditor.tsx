import { Button, Checkbox, Input, Select } from "antd";
import { t } from "i18next";
import { useEffect, useState, type ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { Clock } from "../../kit/Clock";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { serverNow } from "../../time/server";
import { asProblem } from "../../api/problem";
import { newKey, useDraft, useSend, useSuperiors, type About, type Draft, type Kind, type Superior, type Target, type Way } from "./queries";
import { limitOf } from "./words";
import "../people/people.css";
import "../sites/points.css";
import "../warnings/warning.css";
import "../warnings/warnings.css";
import "./reports.css";

const ways: Way[] = ["channel", "phone", "fax", "system", "paper"];

interface Writing {
  key: string;
  kind: Kind;
  title: string;
  text: string;
  signer: string;
  to: Target[];
}

/** What was being written stays on this device until it is sent: a closed window loses nothing. */
function kept(place: string): Writing | null {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null") as Writing | null;
  } catch {
    return null;
  }
}

function start(draft: Draft, offices: readonly Superior[]): Writing {
  const to = draft.to.map((id): Target => ({ superior: id, way: offices.find((one) => one.id === id)?.channel ? "channel" : "phone", detail: "" }));
  return { key: newKey(), kind: draft.kind, title: draft.title, text: draft.text, signer: "", to };
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

function Form({ about, draft, offices, again, back }: { about: About; draft: Draft; offices: readonly Superior[]; again: (kind: Kind) => void; back: string }): ReactNode {
  const place = `report:${"warning" in about ? `w${about.warning}` : `o${about.order}`}`;
  const [told, setTold] = useState<Writing>(() => {
    const before = kept(place);
    return before?.kind === draft.kind ? before : start(draft, offices);
  });
  const [pressed, setPressed] = useState(false);
  const send = useSend(about);
  const navigate = useNavigate();
  const set = (part: Partial<Writing>): void => setTold((now) => ({ ...now, ...part }));
  useEffect(() => {
    try {
      localStorage.setItem(place, JSON.stringify(told));
    } catch {
      // A full or forbidden store: the page itself still holds the text.
    }
  }, [place, told]);
  const lack = lacking(told);
  const go = (): void => {
    setPressed(true);
    if (lack !== null) return;
    send.mutate(told, {
      onSuccess: (made) => {
        localStorage.removeItem(place);
        void navigate(`/reports/${made.id}`, { replace: true });
      },
    });
  };
  return (
    <div className="report-form">
      <Panel
        title={t("report.words")}
        note={t("report.words.note")}
        action={
          <button type="button" className="linkish" onClick={() => setTold({ ...start(draft, offices), signer: told.signer, to: told.to })}>
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
        <NotSaved error={send.error} />
        <div className="report-acts">
          <Button type="primary" size="large" loading={send.isPending} onClick={go}>
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
      <Form key={`${draft.data.kind}:${draft.dataUpdatedAt}`} about={about} draft={draft.data} offices={offices.data.items.filter((one) => one.enabled)} again={setKind} back={back} />
    </div>
  );
}
