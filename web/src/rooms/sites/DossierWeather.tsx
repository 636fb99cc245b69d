import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Failed, Stale } from "../../kit/States";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { useSiteWeather } from "../weather/queries";
import { answeredWords, unanswered } from "../weather/words";

/** The weather warnings that stand over the site's township now; nothing while there are none. Unknown is not none. */
export function DossierWeather({ site }: { site: number }): ReactNode {
  const now = useNow();
  const found = useSiteWeather(site);
  const again = (): void => void found.refetch();
  if (found.error && !found.data)
    return (
      <Panel title={t("nav.weather")}>
        <Failed error={found.error} what={t("nav.weather")} again={again} />
      </Panel>
    );
  const rows = found.data?.items ?? [];
  if (rows.length === 0 && !found.error) return null;
  return (
    <Panel title={t("nav.weather")} note={rows.length > 0 ? t("dossier.weather.note", { n: rows.length }) : undefined}>
      <Stale error={found.error} since={found.dataUpdatedAt} again={again} />
      <ul className="operation-rows">
        {rows.map((row) => (
          <li key={row.id}>
            <Link to={`/weather/${row.id}`} className="quiet dossier-weather">
              <LevelMark level={row.level} state={unanswered(row) ? "unanswered" : "answered"} size={24} />
              <span>
                <b>{row.title}</b>
                <span className="second">
                  {answeredWords(row)} {t("weather.until", { at: moment(row.ends_at, now) })}
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
