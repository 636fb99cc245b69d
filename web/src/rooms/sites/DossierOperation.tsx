import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useOperation, useOperationAct, type BlastingRow, type Doing, type SiteOperation } from "../../api/operation";
import { Panel } from "../../kit/Panel";
import { SealedMark } from "../../kit/SealedMark";
import { Failed, Loading, NotSaved, Stale } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { BlastingDialog, StateDialog } from "./OperationDialogs";
import { isBlasting, isOverstayed } from "./operationtime";
import "./operation.css";

/** What may come next, the likeliest first. Going back is a proposal; the dialog says so. */
export const steps: Record<Doing, readonly Doing[]> = {
  producing: ["stopped", "sealed", "closed"],
  stopped: ["producing", "sealed", "closed"],
  sealed: ["producing", "stopped", "closed"],
  closed: ["producing", "sealed"],
};

const rank: Record<Doing, number> = { producing: 0, stopped: 1, sealed: 2, closed: 2 };

/** 复工、拆封: it lets go of watching, so a second person must agree. */
export function needsTwo(from: Doing, to: Doing): boolean {
  return rank[to] < rank[from];
}

/** 停产, 封条, 闭坑; from a seal back to a mere stop it is 拆封. */
export function verbOf(from: Doing, to: Doing): string {
  return from === "sealed" && to === "stopped" ? t("operation.verb.unseal") : t(`operation.verb.${to}`);
}

function Present({ told }: { told: SiteOperation }): ReactNode {
  const now = useNow();
  const row = told.history[0];
  const late = isOverstayed(told, now);
  if (told.state === "producing") {
    return (
      <p className="operation-now">
        <b>{t("site.doing.producing")}</b> {told.blasting_until !== null && isBlasting(told, now) ? <strong>{t("operation.blastingNow", { at: moment(told.blasting_until, now) })}</strong> : <span className="second">{told.since ? t("operation.since", { at: moment(told.since, now) }) : t("operation.never")}</span>}
      </p>
    );
  }
  return (
    <>
      <p className="operation-now">
        <SealedMark doing={told.state} size={24} label="" /> <b>{t(`site.doing.${told.state}`)}</b> <span className="second">{told.since ? t("operation.since", { at: moment(told.since, now) }) : ""}</span>
        {told.planned_end && <span className={late ? "tag tag-ink" : "second"}>{late ? t("operation.overstayed", { at: moment(told.planned_end, now) }) : t("operation.planned", { at: moment(told.planned_end, now) })}</span>}
      </p>
      {row && (
        <p className="second">{[row.reason, row.document, row.set_by].filter((words) => words !== "").join(" \u00b7 ")}</p>
      )}
      <p className="note">{told.watched ? t("operation.watched") : t("operation.notWatched")}</p>
    </>
  );
}

function days(window: BlastingRow): string {
  return window.weekdays.length === 7 ? t("operation.everyDay") : window.weekdays.map((day) => t(`operation.day.${day}`)).join(t("list.comma"));
}

function Windows({ told, site, act }: { told: SiteOperation; site: number; act: ReturnType<typeof useOperationAct> }): ReactNode {
  const [asked, setAsked] = useState<number | null>(null);
  if (told.windows.length === 0) return null;
  return (
    <ul className="operation-rows" aria-label={t("operation.windows")} key={site}>
      {told.windows.map((window) => (
        <li key={window.id}>
          <span>
            <b>
              {t("operation.windows")} {window.start}–{window.end}
            </b>{" "}
            {days(window)}
          </span>
          <span className="second">
            {t("operation.fromTo", { first: window.first_day, last: window.last_day })} {window.document} {t("operation.two", { by: window.set_by, agreed: window.agreed_by })}
          </span>
          {told.may &&
            (asked === window.id ? (
              <Button size="small" loading={act.isPending} onClick={() => act.mutate({ verb: "revoke", window: window.id }, { onSuccess: () => setAsked(null) })}>
                {t("operation.revoke.sure")}
              </Button>
            ) : (
              <Button size="small" onClick={() => setAsked(window.id)}>
                {t("operation.revoke")}
              </Button>
            ))}
        </li>
      ))}
    </ul>
  );
}

function Waiting({ told }: { told: SiteOperation }): ReactNode {
  if (told.waiting.length === 0) return null;
  return (
    <ul className="operation-rows operation-waiting" aria-label={t("operation.waiting")}>
      {told.waiting.map((one) => (
        <li key={one.id}>
          <span>
            <b>{one.title}</b> {t("operation.waitsFor", { by: one.by })}
          </span>
          <Link to="/proposals">{t("operation.toProposals")}</Link>
        </li>
      ))}
    </ul>
  );
}

function History({ told }: { told: SiteOperation }): ReactNode {
  const now = useNow();
  const [open, setOpen] = useState(false);
  if (told.history.length === 0) return null;
  return (
    <>
      <button type="button" className="linkish" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("operation.history", { n: told.history.length })}
      </button>
      {open && (
        <ol className="operation-rows">
          {told.history.map((row) => (
            <li key={row.id}>
              <span>
                <SealedMark doing={row.state} size={16} label="" /> <b>{t(`site.doing.${row.state}`)}</b> {moment(row.from_at, now)}
              </span>
              <span className="second">
                {[row.reason, row.document, row.agreed_by ? t("operation.two", { by: row.set_by, agreed: row.agreed_by }) : row.set_by].filter((words) => words !== "").join(" \u00b7 ")}
              </span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

/** What the site is doing, since when and by whom; whoever may, stops, seals or closes it here, or asks to resume. */
export function DossierOperation({ site, name }: { site: number; name: string }): ReactNode {
  const found = useOperation(site);
  const act = useOperationAct(site);
  const [verb, setVerb] = useState<Doing | "blasting" | null>(null);
  const told = found.data;
  const close = (): void => {
    setVerb(null);
    act.reset();
  };
  return (
    <Panel title={t("operation.title")} className="operation">
      {found.error && !told ? (
        <Failed error={found.error} what={t("operation.title")} again={() => void found.refetch()} />
      ) : !told ? (
        <Loading what={t("operation.title")} />
      ) : (
        <>
          <Present told={told} />
          <Stale error={found.error} since={found.dataUpdatedAt} again={() => void found.refetch()} />
          <Waiting told={told} />
          <Windows told={told} site={site} act={act} />
          {told.may && (
            <div className="operation-acts">
              {steps[told.state].map((to) => (
                <Button key={to} onClick={() => setVerb(to)}>
                  {verbOf(told.state, to)}
                </Button>
              ))}
              {told.state === "producing" && <Button onClick={() => setVerb("blasting")}>{t("operation.windows")}</Button>}
            </div>
          )}
          {verb === null && <NotSaved error={act.error} />}
          <History told={told} />
          {verb === "blasting" && <BlastingDialog name={name} act={act} close={close} />}
          {verb !== null && verb !== "blasting" && <StateDialog name={name} verb={verbOf(told.state, verb)} to={verb} two={needsTwo(told.state, verb)} act={act} close={close} />}
        </>
      )}
    </Panel>
  );
}
