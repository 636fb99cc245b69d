import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useSilence, useSilenceAct, useSilences, type Silence } from "../../api/silences";
import type { Me } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { useNow } from "../../time/server";
import { moment, spanWords } from "../../time/words";
import { NoteDialog } from "../duties/NoteDialog";
import { SilenceDialog } from "./SilenceDialog";
import "./silences.css";

function Held({ id }: { id: number }): ReactNode {
  const found = useSilence(id);
  const now = useNow();
  if (found.error) return <Failed error={found.error} what={t("nav.silences")} again={() => void found.refetch()} />;
  if (!found.data) return <Loading what={t("nav.silences")} />;
  return (
    <div className="silence-more">
      {found.data.held_back.length > 0 && (
        <ul aria-label={t("silence.heldList")}>
          {found.data.held_back.map((one) => (
            <li key={one.id}>
              <LevelMark level={one.level} state={one.outcome === "" ? "muted" : "answered"} size={22} />
              <Link to={`/warnings/${one.id}`}>{one.title}</Link>
              <span className="second">{t(`silence.outcome.${one.outcome || "held"}`)}</span>
            </li>
          ))}
        </ul>
      )}
      <ul aria-label={t("silence.toldList")}>
        {found.data.told.map((one, i) => (
          <li key={i}>
            <span>{t(`silence.told.${one.what}`, { post: one.post })}</span>
            <span className="second">
              {t(`silence.step.${one.step}`)} {moment(one.at, now)}
            </span>
          </li>
        ))}
        {found.data.told.length === 0 && <li className="second">{t("silence.notTold")}</li>}
      </ul>
    </div>
  );
}

function Row({ silence, opened, open }: { silence: Silence; opened: boolean; open: () => void }): ReactNode {
  const now = useNow();
  const act = useSilenceAct();
  const [asking, setAsking] = useState(false);
  const left = Date.parse(silence.ends_at) - now;
  const state = silence.state === "running" && left > 0 ? t("silence.left", { span: spanWords(left) }) : t(`silence.state.${silence.state}`);
  return (
    <Panel className={`silence silence-${silence.state}`} title={silence.where} note={`${t(`silence.kind.${silence.kind}`)} \u00b7 ${state}`}>
      <p>
        {moment(silence.starts_at, now)} {"\u2014"} {moment(silence.ends_at, now)}
        {silence.ended_at !== null && silence.state === "revoked" && <> {t("silence.endedBy", { who: silence.ended_by, at: moment(silence.ended_at, now) })}</>}
      </p>
      <p>{t("proposal.why", { reason: silence.reason })}</p>
      <p className="second">{silence.alone ? t("silence.byOne", { who: silence.asked_by }) : t("silence.byTwo", { who: silence.asked_by, second: silence.agreed_by })}</p>
      <div className="silence-acts">
        <button type="button" className="linkish" aria-expanded={opened} onClick={open}>
          {t("silence.held", { n: silence.held })}
          {silence.broken > 0 && t("silence.broken", { n: silence.broken })}
          {silence.withheld > 0 && t("silence.withheld", { kind: t(`silence.kind.${silence.kind}`), n: silence.withheld })}
        </button>
        {silence.may_revoke && <Button onClick={() => setAsking(true)}>{t("silence.revoke")}</Button>}
      </div>
      {opened && <Held id={silence.id} />}
      {asking && (
        <NoteDialog
          title={t("silence.revoke.title", { where: silence.where })}
          verb={t("silence.revoke")}
          busy={act.isPending}
          error={act.error}
          send={(reason) => act.mutate({ verb: "revoke", id: silence.id, reason }, { onSuccess: () => setAsking(false) })}
          close={() => setAsking(false)}
        />
      )}
    </Panel>
  );
}

/** 静默与维护: what is silent now and until when; what each silence held back. */
export function Silences({ me }: { me: Me }): ReactNode {
  const [search, setSearch] = useSearchParams();
  const tab = search.get("tab") === "over" ? "over" : "open";
  const opened = Number(search.get("open"));
  const list = useSilences(tab);
  const [asking, setAsking] = useState(false);
  useCrumb(t("nav.warnings"), "/warnings", t("nav.silences"));
  const set = (name: string, value: string | null): void => {
    const next = new URLSearchParams(search);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const rows = list.data?.items ?? [];
  return (
    <div className="page">
      <div className="points-head silences-head">
        <div>
          <h1>{list.data && tab === "open" ? t("silence.sentence", { n: list.data.count }) : t("nav.silences")}</h1>
          <p className="second">{t("silence.rule")}</p>
        </div>
        <span className="head-tools">
          {me.permissions.includes("silence.ask") && (
            <Button type="primary" onClick={() => setAsking(true)}>
              {t("silence.new")}
            </Button>
          )}
          <Exchange table="silences" filter={{ state: tab }} />
        </span>
      </div>
      <div className="tabs tabs-line" role="tablist" aria-label={t("nav.silences")}>
        {(["open", "over"] as const).map((one) => (
          <button key={one} type="button" role="tab" aria-selected={one === tab} onClick={() => set("tab", one === "open" ? null : one)}>
            {t(`silence.tab.${one}`)}
          </button>
        ))}
      </div>
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("nav.silences")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("nav.silences")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={t(`silence.empty.${tab}`)}>{t("silence.empty.words")}</Empty>
        </div>
      ) : (
        <div className="silences">
          {rows.map((row) => (
            <Row key={row.id} silence={row} opened={opened === row.id} open={() => set("open", opened === row.id ? null : String(row.id))} />
          ))}
        </div>
      )}
      {asking && <SilenceDialog place={null} mayAlone={me.permissions.includes("silence.grant")} close={() => setAsking(false)} />}
    </div>
  );
}
