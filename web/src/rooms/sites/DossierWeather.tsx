import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { useSiteWeather } from "../weather/queries";
import { answeredWords, unanswered } from "../weather/words";

/** The weather warnings that stand over the site's township now; nothing while there are none. */
export function DossierWeather({ site }: { site: number }): ReactNode {
  const now = useNow();
  const rows = useSiteWeather(site).data?.items ?? [];
  if (rows.length === 0) return null;
  return (
    <Panel title={t("nav.weather")} note={t("dossier.weather.note", { n: rows.length })}>
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
