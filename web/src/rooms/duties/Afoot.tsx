import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useWarnings } from "../../api/queries";
import type { Warning } from "../../api/types";
import { Clock } from "../../kit/Clock";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { SealedMark } from "../../kit/SealedMark";
import { tagState } from "../../kit/levelstate";
import { keepUnits } from "../../time/figure";
import { useNow } from "../../time/server";
import { ago } from "../../time/words";

const ROWS = 6;

function Row({ warning }: { warning: Warning }): ReactNode {
  const now = useNow();
  const behind = warning.answered < warning.called;
  return (
    <li>
      <Link to={`/warnings/${warning.id}`} className="quiet afoot-row">
        <LevelMark level={warning.level} state={tagState(warning)} size={24} />
        <span className="afoot-words">
          <b>{keepUnits(warning.title)}</b>
          <span className="side-org">
            {[warning.site.name, warning.site.territory, ago(warning.started_at, now)].filter(Boolean).join(" \u00b7 ")} <SealedMark doing={warning.site.operating} size={16} />
          </span>
        </span>
        {warning.called > 0 && <span className={behind ? "afoot-answered side-missing" : "afoot-answered side-state"}>{t("desk.afoot.answered", { n: warning.answered, of: warning.called })}</span>}
        <span className="afoot-clock">{warning.clock && <Clock limit={warning.clock} size="list" short />}</span>
      </Link>
    </li>
  );
}

/** What is dangerous now where this person looks, called or not: who oversees decides from this. */
export function Afoot(): ReactNode {
  const list = useWarnings({ state: "open" });
  const first = list.data?.pages[0];
  if (!first || first.count === 0) return null;
  return (
    <Panel title={t("desk.afoot")} note={t("warnings.count", { n: first.count })} action={first.count > ROWS ? <Link to="/warnings">{t("desk.afoot.all", { n: first.count })}</Link> : undefined} flush className="afoot">
      <ul>
        {first.items.slice(0, ROWS).map((warning) => (
          <Row key={warning.id} warning={warning} />
        ))}
      </ul>
    </Panel>
  );
}
