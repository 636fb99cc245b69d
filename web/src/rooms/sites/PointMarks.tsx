import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSilencesOf } from "../../api/silences";
import { Panel } from "../../kit/Panel";
import { Failed, Loading } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { markWords } from "./marks";

/** When a point was under calibration or maintenance, and how often it would have raised a warning meanwhile. */
export function PointMarks({ point }: { point: number }): ReactNode {
  const found = useSilencesOf(point);
  const now = useNow();
  const rows = found.data?.items ?? [];
  return (
    <Panel title={t("mark.title")} action={<Link to="/silences">{t("nav.silences")}</Link>}>
      {found.error && !found.data ? (
        <Failed error={found.error} what={t("mark.title")} again={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what={t("mark.title")} />
      ) : rows.length === 0 ? (
        <p className="note">{t("mark.none")}</p>
      ) : (
        rows.map((row) => (
          <div key={row.id}>
            <p>
              <Link to={`/silences?open=${row.id}${row.ended_at === null ? "" : "&tab=over"}`}>{row.state === "running" ? <b>{markWords(row, now)}</b> : markWords(row, now)}</Link>
            </p>
            <p className="second">
              {moment(row.starts_at, now)} {"\u2014"} {moment(row.ended_at ?? row.ends_at, now)} {"\u00b7"} {row.reason}
            </p>
          </div>
        ))
      )}
    </Panel>
  );
}
