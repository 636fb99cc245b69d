import { t } from "i18next";
import type { ReactNode } from "react";
import { serverNow } from "../../time/server";
import { date } from "../../time/words";
import type { Licence } from "./queries";
import { beyond, isAhead, left } from "./standing";
import "./papers.css";

/** How long it still holds, in ink: plain, boxed within its lead, inverted past its end. */
export function Left({ one }: { one: Licence }): ReactNode {
  if (one.standing === "renewed") return <span className="second">{t("licence.standing.renewed")}</span>;
  if (one.standing === "withdrawn") return <span className="second">{t(`licence.withdrawal.${one.withdrawal || "cancelled"}`)}</span>;
  if (isAhead(one, date(serverNow()))) return <b>{t("licence.ahead")}</b>;
  if (one.days_left === null) return <span className="second">{t("licence.forever")}</span>;
  if (one.standing === "expired") return <b className="licence-over">{t("licence.over", { n: -one.days_left })}</b>;
  if (one.standing === "expiring") return <b className="licence-soon">{one.days_left === 0 ? t("licence.lastDay") : t("licence.left", { n: one.days_left })}</b>;
  return <span className="second">{t("licence.days", { n: one.days_left })}</span>;
}

export function Bar({ one }: { one: Licence }): ReactNode {
  return (
    <span className={one.standing === "expired" ? "licence-bar licence-bar-over" : "licence-bar"} aria-hidden>
      <i style={{ width: `${left(one.days_left) * 100}%` }} className={beyond(one.days_left) ? undefined : "licence-bar-end"} />
    </span>
  );
}

/** Beside its title in a dossier: whose it is where that may be asked, and the capacity it approves. */
export function besideTitle(one: Pick<Licence, "site" | "capacity">, sited: boolean): string {
  const whose = one.site === null ? t("licence.whole") : sited ? one.site.name : "";
  return [whose, one.capacity === null ? "" : t("licence.capacityN", { n: one.capacity })].filter((words) => words !== "").join(" \u00b7 ");
}

export function until(one: Licence): string {
  return one.valid_until ?? t("licence.forever");
}

/** The worst of a site's licences in the words of its page: what has expired, else what ends next. Empty when neither. */
export function lapseWords(rows: readonly Licence[]): string {
  const over = rows.filter((one) => one.standing === "expired");
  if (over[0]) return over.length === 1 ? t("licence.sentence.one.expired", { title: over[0].title, day: until(over[0]) }) : t("licence.note.expired", { n: over.length });
  const soon = rows.find((one) => one.standing === "expiring");
  return soon ? t("licence.sentence.one.expiring", { title: soon.title, n: soon.days_left ?? 0 }) : "";
}
