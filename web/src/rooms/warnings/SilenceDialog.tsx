import { Input, Modal, Radio, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useSites } from "../../api/queries";
import { useSilenceAct, type SilenceIn, type SilenceKind } from "../../api/silences";
import { NotSaved } from "../../kit/States";
import { serverNow } from "../../time/server";
import { instantOf, localOf } from "./silencetime";

export interface SilencePlace {
  site: { id: number; name: string };
  point: { id: number; name: string } | null;
  warning: { id: number; number: string } | null;
}

type Where = "warning" | "point" | "site";
const kinds: SilenceKind[] = ["silence", "maintenance", "calibration"];
const minutes = [10, 20, 30];

interface Draft {
  where: Where;
  site: number | null;
  kind: SilenceKind;
  alone: boolean;
  minutes: number;
  starts: string;
  ends: string;
  reason: string;
}

/** What is sent; null while something is missing. */
export function silenceBody(draft: Draft, place: SilencePlace | null, now: number): SilenceIn | null {
  const site = place?.site.id ?? draft.site;
  const ends = draft.alone ? new Date(now + draft.minutes * 60_000).toISOString() : instantOf(draft.ends);
  if (site === null || ends === null || draft.reason.trim() === "") return null;
  return {
    kind: draft.kind,
    site: draft.where === "site" ? site : null,
    point: draft.where === "point" ? (place?.point?.id ?? null) : null,
    warning: draft.where === "warning" ? (place?.warning?.id ?? null) : null,
    starts_at: draft.alone ? null : instantOf(draft.starts),
    ends_at: ends,
    reason: draft.reason,
    alone: draft.alone,
  };
}

function Site({ value, set }: { value: number | null; set: (id: number) => void }): ReactNode {
  const [q, setQ] = useState("");
  const sites = useSites(q ? { q } : {});
  const rows = sites.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <label htmlFor="silence-site">{t("silence.site")}</label>
      <Select id="silence-site" className="form-wide" showSearch filterOption={false} onSearch={setQ} value={value ?? undefined} placeholder={t("silence.pickSite")} onChange={set} options={rows.map((row) => ({ value: row.id, label: row.name }))} />
    </>
  );
}

/** 静默、维护、标校: by two persons with an end, or alone for half an hour at most. Red is called all the same. */
export function SilenceDialog({ place, mayAlone, close }: { place: SilencePlace | null; mayAlone: boolean; close: () => void }): ReactNode {
  const act = useSilenceAct();
  const [told, setTold] = useState(false);
  const [waits, setWaits] = useState(false);
  const [draft, setDraft] = useState<Draft>({
    where: place?.warning ? "warning" : place?.point ? "point" : "site", site: null, kind: place?.warning ? "silence" : "maintenance",
    alone: mayAlone && place?.warning !== undefined && place !== null, minutes: 30, starts: "", ends: localOf(serverNow() + 2 * 3_600_000), reason: "",
  });
  const set = (part: Partial<Draft>): void => setDraft((now) => ({ ...now, ...part }));
  const body = silenceBody(draft, place, serverNow());
  const send = (): void => {
    setTold(true);
    if (body) act.mutate({ verb: "ask", body }, { onSuccess: (done) => (done.proposal === null ? close() : setWaits(true)) });
  };
  if (waits) {
    return (
      <Modal open title={t("silence.waits")} footer={null} onCancel={close}>
        <p>{t("silence.waits.words")}</p>
        <Link to="/proposals" onClick={close}>{t("silence.toProposals")}</Link>
      </Modal>
    );
  }
  return (
    <Modal open title={t("silence.ask")} okText={draft.alone ? t("silence.do") : t("silence.propose")} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={send} onCancel={close} width={520}>
      <p className="second">{t("silence.rule")}</p>
      {place === null ? (
        <Site value={draft.site} set={(site) => set({ site })} />
      ) : (
        <Radio.Group className="form-choice" value={draft.where} onChange={(event) => set({ where: event.target.value as Where })} aria-label={t("silence.where")}>
          {place.warning && <Radio value="warning">{t("silence.where.warning", { number: place.warning.number })}</Radio>}
          {place.point && <Radio value="point">{t("silence.where.point", { name: place.point.name })}</Radio>}
          <Radio value="site">{t("silence.where.site", { name: place.site.name })}</Radio>
        </Radio.Group>
      )}
      <Radio.Group className="silence-kinds" optionType="button" value={draft.kind} onChange={(event) => set({ kind: event.target.value as SilenceKind })} options={kinds.map((kind) => ({ value: kind, label: t(`silence.kind.${kind}`) }))} aria-label={t("silence.kind")} />
      {draft.where === "point" && draft.kind !== "silence" && !draft.alone && <p className="note">{t("silence.mutes")}</p>}
      {mayAlone && (
        <Radio.Group className="form-choice" value={draft.alone} onChange={(event) => set({ alone: event.target.value as boolean })} aria-label={t("silence.who")}>
          <Radio value={true}>{t("silence.alone")}</Radio>
          <Radio value={false}>{t("silence.two")}</Radio>
        </Radio.Group>
      )}
      {draft.alone ? (
        <Radio.Group className="silence-kinds" optionType="button" value={draft.minutes} onChange={(event) => set({ minutes: event.target.value as number })} options={minutes.map((n) => ({ value: n, label: t("silence.minutes", { n }) }))} aria-label={t("silence.length")} />
      ) : (
        <div className="silence-span">
          <label>
            {t("silence.starts")}
            <Input type="datetime-local" value={draft.starts} onChange={(event) => set({ starts: event.target.value })} />
            <span className="second">{t("silence.starts.now")}</span>
          </label>
          <label>
            {t("silence.ends")}
            <Input type="datetime-local" value={draft.ends} onChange={(event) => set({ ends: event.target.value })} />
          </label>
        </div>
      )}
      <label htmlFor="silence-reason">{t("silence.reason")}</label>
      <Input.TextArea id="silence-reason" rows={2} maxLength={400} value={draft.reason} onChange={(event) => set({ reason: event.target.value })} />
      {told && body === null && <p className="notsaved" role="alert">{t("silence.lack")}</p>}
      <NotSaved error={act.error} />
    </Modal>
  );
}
