import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSites } from "../../api/queries";
import { Panel } from "../../kit/Panel";
import { SealedTag } from "../../kit/SealedMark";
import { SiteMark, Unknown } from "../sites/SiteMark";

const ROWS = 6;

/** The places this person answers for, worst first: what an enterprise or a township decides from on a quiet day. */
export function Places(): ReactNode {
  const first = useSites({}).data?.pages[0];
  if (!first || first.count === 0) return null;
  return (
    <Panel title={t("desk.held")} note={t("desk.held.n", { n: first.count })} action={first.count > ROWS ? <Link to="/sites">{t("desk.held.all", { n: first.count })}</Link> : undefined} flush className="places">
      <ul>
        {first.items.slice(0, ROWS).map((site) => (
          <li key={site.id}>
            <Link to={`/sites/${site.id}`} className="quiet afoot-row places-row">
              <SiteMark site={site} size={24} />
              <span className="afoot-words">
                <b>{site.name}</b>
                <span className="side-org">
                  <SealedTag doing={site.operating} /> <Unknown site={site} />
                </span>
              </span>
              <span className="side-state">{t("site.pointsN", { n: site.points })}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
