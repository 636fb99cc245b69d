import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { Proposal } from "../../api/types";
import { Failed, Loading } from "../../kit/States";
import { useRule } from "./queries";
import { TrialView } from "./TrialView";
import "./rules.css";
import "./rule.css";

function Shown({ proposal }: { proposal: Proposal }): ReactNode {
  const found = useRule(proposal.about.id);
  if (found.error && !found.data) return <Failed error={found.error} what={t("what.rule")} again={() => void found.refetch()} />;
  if (!found.data) return <Loading what={t("what.trial")} />;
  const version = found.data.versions.find((one) => one.proposal === proposal.id);
  if (version === undefined || found.data.point === null) return null;
  return <TrialView rule={found.data} of={{ params: version.params, enabled: version.enabled }} stale={false} bare />;
}

/** The same trial the proposer saw, for who is to agree. `atOnce`: few enough proposals to try each as it is shown. */
export function ProposalTrial({ proposal, atOnce }: { proposal: Proposal; atOnce: boolean }): ReactNode {
  const [asked, setAsked] = useState(atOnce);
  // A composite, which is of no point, cannot be tried; the county shows a rule with its point, or else with its site.
  const ofPoint = proposal.about.url.startsWith("/points/");
  return (
    <div className="trial-in-proposal">
      {!ofPoint ? null : asked ? <Shown proposal={proposal} /> : <Button onClick={() => setAsked(true)}>{t("trial.try")}</Button>}
      <Link to={`/rules/id/${proposal.about.id}`}>{t("trial.toRule")}</Link>
    </div>
  );
}
