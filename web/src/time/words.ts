import { exists, t } from "i18next";

/** Times as the county writes them. The zone is the county's, wherever the browser stands. */
const zone = "Asia/Shanghai";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone,
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

export interface Wall {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
}

export function wall(at: number | string): Wall {
  const ms = typeof at === "number" ? at : Date.parse(at);
  const found: Record<string, string> = {};
  for (const part of parts.formatToParts(ms)) found[part.type] = part.value;
  return found as unknown as Wall;
}

export function clockTime(at: number | string): string {
  const w = wall(at);
  return `${w.hour}:${w.minute}:${w.second}`;
}

export function shortTime(at: number | string): string {
  const w = wall(at);
  return `${w.hour}:${w.minute}`;
}

export function date(at: number | string): string {
  const w = wall(at);
  return `${w.year}-${w.month}-${w.day}`;
}

/** The day of the month in the county's zone: `7月21日`. */
export function monthDay(at: number | string): string {
  const w = wall(at);
  return t("time.monthDay", { month: Number(w.month), day: Number(w.day) });
}

/** The day written out for a wall: `2026年7月21日 星期二`. */
export function dayWords(at: number): string {
  const w = wall(at);
  const day = new Date(Date.UTC(Number(w.year), Number(w.month) - 1, Number(w.day))).getUTCDay();
  return t("time.day", { year: w.year, month: Number(w.month), day: Number(w.day), weekday: t(`time.weekday.${day}`) });
}

/** The time alone today, the date before it otherwise. */
export function moment(at: number | string, now: number): string {
  return date(at) === date(now) ? clockTime(at) : `${monthDay(at)} ${shortTime(at)}`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** `12:40` under an hour (minutes padded when counting down), words from an hour on. */
export function span(ms: number, style: "pad" | "plain", short = false): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (ms < HOUR) {
    const minutes = Math.floor(seconds / 60);
    return `${style === "pad" ? two(minutes) : minutes}:${two(seconds % 60)}`;
  }
  return spanWords(ms, short);
}

/** A length in words: `46 秒`, `12 分`, `1 小时 53 分`, `3 天`. */
export function spanWords(ms: number, short = false): string {
  if (ms < MINUTE) return t("time.seconds", { n: Math.floor(ms / 1000) });
  if (ms < HOUR) return t("time.minutes", { n: Math.floor(ms / MINUTE) });
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  if (ms < DAY) {
    if (minutes === 0) return t("time.hours", { n: hours });
    return short
      ? t("time.hoursMinutesShort", { h: hours, m: two(minutes) })
      : t("time.hoursMinutes", { h: hours, m: minutes });
  }
  const days = Math.floor(ms / DAY);
  const rest = Math.floor((ms % DAY) / HOUR);
  return days < 3 && rest > 0 ? t("time.daysHours", { d: days, h: rest }) : t("time.days", { n: days });
}

/** `3 分钟前`; a time ahead of the clock (skew, a source dated ahead) reads as just now. */
export function ago(at: number | string, now: number): string {
  const ms = now - (typeof at === "number" ? at : Date.parse(at));
  if (ms < 5_000) return t("time.justNow");
  if (ms < MINUTE) return t("time.secondsAgo", { n: Math.floor(ms / 1000) });
  if (ms < HOUR) return t("time.minutesAgo", { n: Math.floor(ms / MINUTE) });
  if (ms < DAY) return t("time.hoursAgo", { n: Math.floor(ms / HOUR) });
  return t("time.daysAgo", { n: Math.floor(ms / DAY) });
}

/** What a limit is for: to verify, to carry out. */
export function limitWord(kind: string, otherwise = t("limit.other")): string {
  return exists(`limit.${kind}`) ? t(`limit.${kind}`) : otherwise;
}
