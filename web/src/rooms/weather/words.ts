import { t } from "i18next";
import type { Weather } from "./queries";

/** 7/7 乡镇已应答; nobody called reads so, never as done. */
export function answeredWords(row: Weather): string {
  if (row.townships === 0) return row.county_answered === null ? t("weather.nobodyCalled") : row.county_answered ? t("weather.countyAnswered") : t("weather.countyWaiting");
  return t("weather.answered", { answered: row.townships_answered, n: row.townships });
}

export function unanswered(row: Weather): boolean {
  return row.state === "active" && (row.townships_answered < row.townships || row.enterprises_answered < row.enterprises || row.county_answered === false);
}
