import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { components } from "../../api/schema";
import { Clock } from "../../kit/Clock";
import { Panel } from "../../kit/Panel";
import { Unchecked } from "./Packs";
import { needOrder, needWords } from "./needs";
import "./rules.css";

export type SiteNeed = components["schemas"]["SiteNeed"];
export type GapDuty = components["schemas"]["GapDuty"];

/** Who is to supply what is lacking, and until when. */
export function GapLimit({ duty, to }: { duty: GapDuty; to: string }): ReactNode {
  return (
    <span className="needs-duty">
      <Link to={to}>{duty.who || t("call.nobody")}</Link> {duty.clock && <Clock limit={duty.clock} size="list" short />}
    </span>
  );
}

/** What the standards require at one site, against what is installed and reports; what is lacking first. */
export function Needs({ site, needs, duty }: { site: number; needs: readonly SiteNeed[]; duty: GapDuty | null }): ReactNode {
  return (
    <Panel title={t("rules.needs")} note={t("rules.needs.note")} action={duty ? <GapLimit duty={duty} to={`/sites/${site}/watch`} /> : undefined}>
      {needs.length === 0 ? (
        <p className="second">{t("needs.none")}</p>
      ) : (
        <ul className="rules-list">
          {needOrder(needs).map((need) => (
            <li key={`${need.pack}.${need.id}`}>
              <div className="watch-value">
                <span>
                  {need.title} <Unchecked verified={need.verified} />
                </span>
                <b className={need.state === "met" ? undefined : "watch-none"}>{t(`watch.need.${need.state}`)}</b>
              </div>
              <p className="second">
                {need.cite} {"\u00b7"} {needWords(need)}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
