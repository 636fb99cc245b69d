import { t } from "i18next";
import type { ReactNode } from "react";
import { ResourceTable, type Column } from "../../kit/ResourceTable";
import { Failed, Loading, Stale } from "../../kit/States";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago, clockTime, moment } from "../../time/words";
import { verdict, type Verdict } from "./health";
import { HEALTH_EVERY_MS, useHealth, type HealthLine } from "./queries";
import { Room } from "./Room";

type Row = HealthLine & { id: number };

function sentence(found: Verdict, at: string): string {
  if (found.state === "stale") return t("health.sentence.stale", { at: clockTime(at) });
  return t(`health.sentence.${found.state}`, { n: found.count, title: found.first?.title ?? "" });
}

function State({ line }: { line: HealthLine }): ReactNode {
  return <span className={`hstate hstate-${line.state}`}>{t(`health.state.${line.state}`)}</span>;
}

function amount(line: HealthLine): string {
  return line.figure === null ? "" : `${figure(line.figure)}${line.unit === "" ? "" : `\u00a0${line.unit}`}`;
}

function columns(now: number): Column<Row>[] {
  return [
    { key: "state", title: t("health.state"), cell: (line) => <State line={line} /> },
    { key: "title", title: t("health.what"), cell: (line) => <b className="htitle">{line.title}</b> },
    { key: "words", title: t("health.how"), grow: 34, cell: (line) => line.words },
    { key: "figure", title: t("health.figure"), right: true, cell: amount },
    { key: "since", title: t("health.since"), from: "wide", cell: (line) => (line.since === null ? "" : moment(line.since, now)) },
    { key: "as_of", title: t("health.asOf"), from: "wide", cell: (line) => ago(line.as_of, now) },
    { key: "todo", title: t("health.todo"), grow: 34, cell: (line) => line.todo },
  ];
}

function Card({ line }: { line: HealthLine }): ReactNode {
  const now = useNow();
  return (
    <span className="hcard">
      <State line={line} /> <b>{line.title}</b> <span className="hamount">{amount(line)}</span>
      <i>
        {line.words}
        {line.since !== null && ` \u00b7 ${t("health.since.words", { at: moment(line.since, now) })}`}
        {` \u00b7 ${ago(line.as_of, now)}`}
      </i>
      {line.todo !== "" && <i className="htodo">{line.todo}</i>}
    </span>
  );
}

/** 运行: what of Shoutu itself is wrong, unknown, to be watched or well; the worst first. */
export default function Health(): ReactNode {
  const asked = useHealth();
  const now = useNow();
  const health = asked.data;
  if (!health) {
    return (
      <Room sentence={t("admin.tab.health")}>
        <div className="panel">
          {asked.error ? <Failed error={asked.error} what={t("admin.tab.health")} again={() => void asked.refetch()} /> : <Loading what={t("admin.tab.health")} />}
        </div>
      </Room>
    );
  }
  const found = verdict(health, asked.dataUpdatedAt, Date.now(), HEALTH_EVERY_MS);
  const rows = health.lines.map((line, id) => ({ ...line, id }));
  return (
    <Room sentence={sentence(found, health.at)}>
      <Stale error={asked.error} since={asked.dataUpdatedAt} again={() => void asked.refetch()} />
      <div className={found.state === "stale" ? "health health-stale" : "health"}>
        <ResourceTable label={t("admin.tab.health")} columns={columns(now)} rows={rows} count={rows.length} id={(line) => line.id} to={(line) => line.url} grey={(line) => line.state === "well"} card={(line) => <Card line={line} />} />
      </div>
    </Room>
  );
}
