import { t } from "i18next";
import type { ReactNode } from "react";
import type { components } from "../api/schema";
import { useNow } from "../time/server";
import { moment } from "../time/words";

export type Care = components["schemas"]["PointCare"];
export type SiteCare = components["schemas"]["SiteCare"];

/** 「标校中，到 14:00」 of a point; of a site it says how many of its points. */
export function careWords(care: Care | SiteCare, now: number): string {
  const told = { kind: t(`silence.kind.${care.kind}`), at: moment(care.ends_at, now) };
  return "points" in care && care.points > 0 ? t("care.points", { n: care.points, at: told.at }) : t("care.now", told);
}

/** Twenty units wide, a label tied to the place: the shape of no level and not the square of a seal. The place keeps its own mark. */
export function CareShape({ kind }: { kind: Care["kind"] }): ReactNode {
  return (
    <>
      <path d="M1 3.500H14.500L19.200 10L14.500 16.500H1Z" fill="var(--surface)" stroke="var(--ink2)" strokeWidth="1.4" />
      <text x="8.400" y="13.800" fontSize="10.500" fill="var(--ink2)" textAnchor="middle">
        {t(`care.char.${kind}`)}
      </text>
    </>
  );
}

/** The sign alone, for a legend. */
export function CareMark({ kind, size }: { kind: Care["kind"]; size: number }): ReactNode {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 20 20" aria-hidden>
      <CareShape kind={kind} />
    </svg>
  );
}

/** What a point or site is under, until when; nothing once that is over. In words, so that it is read out as it is. */
export function CareTag({ care }: { care: Care | SiteCare | null | undefined }): ReactNode {
  const now = useNow();
  if (!care || Date.parse(care.ends_at) <= now) return null;
  return (
    <span className="tag care-tag">
      {careWords(care, now)}
      {"mutes" in care && care.mutes && <span className="unseen">{t("care.mutes")}</span>}
    </span>
  );
}
