import { Button } from "antd";
import i18next, { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useAsides, useRetrySignal, type SetAside } from "../../api/signals";
import type { Me } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Exchange } from "../../kit/import/Exchange";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import "../sites/points.css";
import "./silences.css";

/** In the reader's words; a kind of a newer sender keeps its own. */
export function kindWords(kind: string): string {
  return i18next.exists(`signal.kind.${kind}`) ? t(`signal.kind.${kind}`) : kind;
}

function Row({ signal, may }: { signal: SetAside; may: boolean }): ReactNode {
  const now = useNow();
  const retry = useRetrySignal();
  const where = signal.point?.name ?? signal.site?.name ?? t("aside.nowhere");
  const told = signal.value === null ? "" : ` ${figure(signal.value)}`;
  return (
    <Panel className="silence" title={where} note={t("aside.came", { at: moment(signal.received_at, now), n: signal.tries })}>
      <p>
        {signal.level !== null && <LevelMark level={signal.level} state="answered" size={22} />} {kindWords(signal.kind)}
        {told}
        {signal.event_at !== null && <span className="second"> {moment(signal.event_at, now)}</span>}
      </p>
      <p className="second">
        <code>{signal.error}</code>
      </p>
      <div className="silence-acts">
        {signal.point !== null && <Link to={`/points/${signal.point.id}`}>{t("aside.point")}</Link>}
        {may && (
          <Button type="primary" loading={retry.isPending} onClick={() => retry.mutate(signal.id)}>
            {t("aside.retry")}
          </Button>
        )}
      </div>
      {retry.error !== null && <NotSaved error={retry.error} />}
    </Panel>
  );
}

/** 搁置的信号: signals no warning could be made of. Nobody was called for them: look at the site, then try again. */
export function Asides({ me }: { me: Me }): ReactNode {
  const list = useAsides();
  useCrumb(t("nav.warnings"), "/warnings", t("nav.asides"));
  return (
    <div className="page">
      <div className="points-head">
        <h1>{!list.data ? t("nav.asides") : list.data.count > 0 ? t("aside.sentence", { n: list.data.count }) : t("aside.none")}</h1>
        {(list.data?.count ?? 0) > 0 && <p className="second">{t("aside.what")}</p>}
        <span className="head-tools">
          <Exchange table="signals" />
        </span>
      </div>
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("nav.asides")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("nav.asides")} />
        </div>
      ) : list.data.items.length === 0 ? (
        <div className="panel">
          <Empty title={t("aside.empty")}>{t("aside.empty.words")}</Empty>
        </div>
      ) : (
        <div className="silences">
          {list.data.items.map((one) => (
            <Row key={one.id} signal={one} may={me.permissions.includes("signal.retry")} />
          ))}
        </div>
      )}
    </div>
  );
}
