import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Warning } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { tagState } from "../../kit/levelstate";
import { keepUnits } from "../../time/figure";
import { headline } from "../warnings/words";
import { worstOf } from "./mark";

/** What matters before anything else is read: the worst open warning, then `rest` in words; what is "" is left out. */
export function DossierSentence({ open, rest }: { open: readonly Warning[] | undefined; rest: readonly string[] }): ReactNode {
  const worst = worstOf(open);
  return (
    <p className="dossier-sentence">
      {worst ? (
        <Link to={`/warnings/${worst.id}`} className="quiet">
          <LevelMark level={worst.level} state={tagState(worst)} size={22} label="" /> <b>{keepUnits(headline(worst))}</b>
        </Link>
      ) : open ? (
        <span>{t("dossier.quiet")}</span>
      ) : null}
      {rest
        .filter((words) => words !== "")
        .map((words) => (
          <span key={words}>{words}</span>
        ))}
    </p>
  );
}
