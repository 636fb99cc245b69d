import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";

const steps = [
  ["organisations", "/people/organisations"],
  ["sites", "/sites"],
  ["points", "/points"],
  ["accounts", "/people/accounts"],
  ["roster", "/people/roster"],
  ["channels", "/channels"],
] as const;

/** A county with no site has no holes because nobody looks after anything yet: what to bring in, in which order. */
export function FirstSteps(): ReactNode {
  return (
    <div className="panel">
      <ol className="firststeps">
        {steps.map(([step, path]) => (
          <li key={step}>
            <Link to={path}>{t(`first.${step}`)}</Link>
            <p>{t(`first.${step}.why`)}</p>
          </li>
        ))}
      </ol>
    </div>
  );
}
