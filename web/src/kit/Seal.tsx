import { t } from "i18next";
import { Stamp } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { figure } from "../time/figure";

export function shortHash(hash: string): string {
  return hash.length <= 12 ? hash : `${hash.slice(0, 4)}\u2026${hash.slice(-4)}`;
}

/** The mark of the ledger: its number and the ends of its digest; opens the record. */
export function Seal({ index, hash, to }: { index: number; hash: string; to: string }): ReactNode {
  return (
    <Link to={to} className="seal quiet">
      <Stamp size={16} strokeWidth={1.6} aria-hidden />
      {t("seal.words", { index: figure(index), hash: shortHash(hash) })}
    </Link>
  );
}
