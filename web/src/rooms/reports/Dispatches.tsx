import { Button, Input, Radio } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { NotSaved } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Dialog, Field } from "../people/Dialog";
import { useDispatch, type Dispatch } from "./queries";

const hands = ["phone", "fax", "system", "paper"] as const;

function Receipt({ one, close }: { one: Dispatch; close: () => void }): ReactNode {
  const act = useDispatch();
  const [by, setBy] = useState("");
  const [number, setNumber] = useState("");
  return (
    <Dialog title={t("report.receipt.title", { office: one.superior.title })} verb={t("report.act.receipt")} busy={act.isPending} error={act.error} close={close} can={by.trim() !== ""} send={() => act.mutate({ id: one.id, verb: "receipt", received_by: by, their_number: number }, { onSuccess: close })}>
      <Field label={t("report.receivedBy")}>
        <Input value={by} maxLength={80} onChange={(event) => setBy(event.target.value)} />
      </Field>
      <Field label={t("report.theirNumber")}>
        <Input value={number} maxLength={80} onChange={(event) => setNumber(event.target.value)} />
      </Field>
    </Dialog>
  );
}

function ByHand({ one, close }: { one: Dispatch; close: () => void }): ReactNode {
  const act = useDispatch();
  const [way, setWay] = useState<(typeof hands)[number]>("phone");
  const [detail, setDetail] = useState("");
  return (
    <Dialog title={t("report.byHand.title", { office: one.superior.title })} verb={t("report.act.byHand")} busy={act.isPending} error={act.error} close={close} can={detail.trim() !== ""} send={() => act.mutate({ id: one.id, verb: "by-hand", way, detail }, { onSuccess: close })}>
      <Radio.Group value={way} aria-label={t("report.way")} onChange={(event) => setWay(event.target.value as typeof way)} options={hands.map((value) => ({ value, label: t(`report.way.${value}`) }))} />
      <Field label={t("report.told")}>
        <Input value={detail} maxLength={200} placeholder={t("report.told.hint")} onChange={(event) => setDetail(event.target.value)} />
      </Field>
    </Dialog>
  );
}

function stateWords(one: Dispatch, now: number): string {
  const at = one.state === "received" ? one.received_at : one.handed_over_at;
  const told = at ? `${t(`report.state.${one.state}`)} ${moment(at, now)}` : t(`report.state.${one.state}`);
  const more = one.state === "received" ? [one.received_by, one.their_number] : [one.their_number, one.state === "queued" && one.tries === 0 ? "" : one.detail];
  return [told, ...more].filter(Boolean).join(" \u00b7 ");
}

/** Where one report went: the office, the way, how far. What failed is inked. */
export function Dispatches({ rows, may }: { rows: readonly Dispatch[]; may: boolean }): ReactNode {
  const now = useNow();
  const act = useDispatch();
  const [open, setOpen] = useState<{ what: "receipt" | "byHand"; one: Dispatch } | null>(null);
  return (
    <>
      <ul className="dispatches">
        {rows.map((one) => (
          <li key={one.id} className={`dispatch-${one.state}`}>
            <b>{one.superior.title}</b>
            <span className="tag">{t(`report.way.${one.way}`)}</span>
            <span className="dispatch-state">{stateWords(one, now)}</span>
            {may && (
              <span className="dispatch-acts">
                {(one.state === "handed_over" || one.state === "by_hand") && (
                  <Button size="small" onClick={() => setOpen({ what: "receipt", one })}>
                    {t("report.act.receipt")}
                  </Button>
                )}
                {(one.state === "failed" || one.state === "queued") && (
                  <Button size="small" onClick={() => setOpen({ what: "byHand", one })}>
                    {t("report.act.byHand")}
                  </Button>
                )}
                {one.state === "failed" && (
                  <Button size="small" loading={act.isPending} onClick={() => act.mutate({ id: one.id, verb: "again" })}>
                    {t("report.act.again")}
                  </Button>
                )}
              </span>
            )}
          </li>
        ))}
      </ul>
      <NotSaved error={act.error} />
      {open?.what === "receipt" && <Receipt one={open.one} close={() => setOpen(null)} />}
      {open?.what === "byHand" && <ByHand one={open.one} close={() => setOpen(null)} />}
    </>
  );
}
