import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Evacuation } from "../api/types";
import "./stops.css";

/** People not yet out, one line a site: it stays until nobody is missing. */
export function Stops({ rows, className = "" }: { rows: readonly Evacuation[]; className?: string }): ReactNode {
  const going = rows.filter((row) => row.state === "going");
  if (going.length === 0) return null;
  return (
    <ul className={`stops ${className}`} aria-label={t("stop.title")}>
      {going.map((row) => (
        <li key={row.id}>
          <Link to={`/warnings/${row.warnings[0]?.id ?? ""}`} className="quiet">
            <span>
              {row.site.name} {t("stop.title")}
            </span>
            <b>{row.missing === null ? t("stop.unknown") : t("stop.missing", { n: row.missing })}</b>
          </Link>
        </li>
      ))}
    </ul>
  );
}
