import { Button, Input, Select, Switch } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { api, got } from "../../api/client";
import { Failed, Loading } from "../../kit/States";
import { Dialog, Field } from "../people/Dialog";
import { useSetSuperior, useSuperiors, type Superior } from "./queries";

function Edit({ old, close }: { old: Superior | null; close: () => void }): ReactNode {
  const act = useSetSuperior(old?.id ?? null);
  const lines = useQuery({ queryKey: ["channels", "for-superiors"], queryFn: () => got(api.GET("/api/v1/channels")) });
  const [title, setTitle] = useState(old?.title ?? "");
  const [rank, setRank] = useState<Superior["rank"]>(old?.rank ?? "city");
  const [channel, setChannel] = useState<number | null>(old?.channel?.id ?? null);
  const [address, setAddress] = useState(old?.address ?? "");
  const [phone, setPhone] = useState(old?.phone ?? "");
  const [enabled, setEnabled] = useState(old?.enabled ?? true);
  return (
    <Dialog title={old ? old.title : t("report.office.new")} verb={t("report.office.save")} busy={act.isPending} error={act.error} close={close} can={title.trim() !== ""} send={() => act.mutate({ title, rank, channel, address, phone, enabled }, { onSuccess: close })}>
      <Field label={t("report.office.title")}>
        <Input value={title} maxLength={80} onChange={(event) => setTitle(event.target.value)} />
      </Field>
      <Field label={t("report.office.rank")}>
        <Select aria-label={t("report.office.rank")} value={rank} onChange={setRank} options={(["city", "province"] as const).map((value) => ({ value, label: t(`report.rank.${value}`) }))} />
      </Field>
      <Field label={t("report.office.phone")} note={t("report.office.phone.note")}>
        <Input value={phone} maxLength={60} onChange={(event) => setPhone(event.target.value)} />
      </Field>
      <Field label={t("report.office.channel")} note={t("report.office.channel.note")}>
        <Select allowClear aria-label={t("report.office.channel")} value={channel} placeholder={t("report.office.noChannel")} onChange={(id?: number | null) => setChannel(id ?? null)} options={(lines.data ?? []).map((one) => ({ value: one.id, label: one.title }))} />
      </Field>
      {channel !== null && (
        <Field label={t("report.office.address")}>
          <Input value={address} maxLength={200} onChange={(event) => setAddress(event.target.value)} />
        </Field>
      )}
      <label className="report-switch">
        <Switch checked={enabled} onChange={setEnabled} /> {t("report.office.enabled")}
      </label>
    </Dialog>
  );
}

/** The offices above: to whom, by what way. Administrators change them. */
export function Superiors({ may }: { may: boolean }): ReactNode {
  const found = useSuperiors();
  const [open, setOpen] = useState<Superior | "new" | null>(null);
  if (found.error && !found.data) return <Failed error={found.error} what={t("report.tab.superiors")} again={() => void found.refetch()} />;
  if (!found.data) return <Loading what={t("report.tab.superiors")} />;
  return (
    <>
      <ul className="superiors">
        {found.data.items.map((one) => (
          <li key={one.id} className={one.enabled ? undefined : "superior-off"}>
            <b>{one.title}</b>
            <span className="tag">{t(`report.rank.${one.rank}`)}</span>
            <span className="second">{[one.channel ? `${one.channel.title} ${one.address}` : t("report.office.byHand"), one.phone, one.enabled ? "" : t("report.office.off")].filter(Boolean).join(" \u00b7 ")}</span>
            {may && (
              <Button size="small" onClick={() => setOpen(one)}>
                {t("report.office.change")}
              </Button>
            )}
          </li>
        ))}
        {found.data.items.length === 0 && <li className="second">{t("report.noOffices")}</li>}
      </ul>
      {may && (
        <div className="superiors-add">
          <Button onClick={() => setOpen("new")}>{t("report.office.add")}</Button>
        </div>
      )}
      {open !== null && <Edit old={open === "new" ? null : open} close={() => setOpen(null)} />}
    </>
  );
}
