import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useSession } from "../../api/queries";
import type { WarningDetail } from "../../api/types";
import { SilenceDialog } from "./SilenceDialog";
import { pointWords } from "./words";

/** Asks to silence the calls of an open warning that is not red. */
export function SilenceButton({ warning }: { warning: WarningDetail }): ReactNode {
  const may = useSession().data?.permissions ?? [];
  const [asking, setAsking] = useState(false);
  if (!may.includes("silence.ask") || warning.state === "closed" || warning.level >= 4 || warning.site.id === 0 || warning.silence) return null;
  const { site, point } = warning;
  return (
    <>
      <button type="button" className="linkish" onClick={() => setAsking(true)}>
        {t("silence.do")}
      </button>
      {asking && (
        <SilenceDialog
          place={{ site, point: point && { id: point.id, name: pointWords(point) }, warning }}
          mayAlone={may.includes("silence.grant")}
          close={() => setAsking(false)}
        />
      )}
    </>
  );
}
