import { Input, Modal, Radio } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useGroupAct, useGroups } from "../../api/groups";
import { useSession, useWarnings } from "../../api/queries";
import type { Warning, WarningDetail } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { NotSaved } from "../../kit/States";
import { MemberLine } from "./Groups";
import { SplitDialog } from "./SplitDialog";

function MergeDialog({ warning, others, close }: { warning: WarningDetail; others: readonly Warning[]; close: () => void }): ReactNode {
  const act = useGroupAct();
  const [lead, setLead] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  const [told, setTold] = useState(false);
  const send = (): void => {
    setTold(true);
    if (lead !== null && reason.trim() !== "") act.mutate({ verb: "merge", lead, follower: warning.id, reason }, { onSuccess: close });
  };
  return (
    <Modal open title={t("group.merge.of", { number: warning.number })} okText={t("group.merge")} cancelText={t("act.back")} confirmLoading={act.isPending} onOk={send} onCancel={close} width={520}>
      <p className="second">{t("group.merge.words")}</p>
      <Radio.Group className="form-choice" value={lead} onChange={(event) => setLead(event.target.value as number)} aria-label={t("group.merge.lead")}>
        {others.map((one) => (
          <Radio key={one.id} value={one.id}>
            <LevelMark level={one.level} size={18} label="" /> {one.number} {one.title}
          </Radio>
        ))}
      </Radio.Group>
      <label htmlFor="merge-reason">{t("silence.reason")}</label>
      <Input.TextArea id="merge-reason" rows={2} maxLength={400} value={reason} onChange={(event) => setReason(event.target.value)} />
      {told && (lead === null || reason.trim() === "") && (
        <p className="notsaved" role="alert">
          {t("group.needLead")}
        </p>
      )}
      <NotSaved error={act.error} />
    </Modal>
  );
}

/** 同因: the event this warning is in, with 拆出; or 并入, where its site has others open. */
export function Together({ warning }: { warning: WarningDetail }): ReactNode {
  const may = (useSession().data?.permissions ?? []).includes("warning.merge");
  const groups = useGroups().data?.items;
  const others = useWarnings({ state: "open", ...(warning.site.id > 0 ? { site: warning.site.id } : {}) });
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState(false);
  if (!groups || warning.state === "closed") return null;
  const going = groups.filter((one) => one.ended_at === null);
  const group = going.find((one) => one.members.some((member) => member.id === warning.id));
  if (group) {
    const rest = group.members.filter((member) => member.id !== warning.id);
    const act = may && (
      <button type="button" className="linkish" onClick={() => setOpen(true)}>
        {t("group.split")}
      </button>
    );
    return (
      <Panel title={t(`group.kind.${group.kind}`)} note={t("group.count", { n: group.count })} action={act}>
        <p>{group.title}</p>
        {group.reason !== "" && <p className="second">{t("proposal.why", { reason: group.reason })}</p>}
        <ul className="group-list" aria-label={t("group.members")}>
          {rest.slice(0, all ? undefined : 5).map((member) => (
            <MemberLine key={member.id} member={member} split={null} />
          ))}
        </ul>
        {!all && rest.length > 5 && (
          <button type="button" className="linkish" onClick={() => setAll(true)}>
            {t("group.all", { n: group.count })}
          </button>
        )}
        {open && <SplitDialog warning={warning} close={() => setOpen(false)} />}
      </Panel>
    );
  }
  // What stands in a storm is not led by hand.
  const stormy = new Set(going.filter((one) => one.kind === "storm").flatMap((one) => one.members.map((member) => member.id)));
  const rows = (others.data?.pages.flatMap((page) => page.items) ?? []).filter((one) => one.id !== warning.id && !stormy.has(one.id));
  if (!may || warning.site.id === 0 || rows.length === 0) return null;
  return (
    <Panel
      title={t("group.title")}
      note={t("group.others", { n: rows.length })}
      action={
        <button type="button" className="linkish" onClick={() => setOpen(true)}>
          {t("group.merge")}
        </button>
      }
    >
      <p className="note">{t("group.merge.words")}</p>
      {open && <MergeDialog warning={warning} others={rows} close={() => setOpen(false)} />}
    </Panel>
  );
}
