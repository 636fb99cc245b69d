import { Button } from "antd";
import { t } from "i18next";
import { ArrowRight } from "lucide-react";
import { Suspense, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useProposalAct, useProposals } from "../../api/queries";
import type { Proposal } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { later } from "../../kit/later";
import { Exchange } from "../../kit/import/Exchange";
import { NoteDialog } from "../duties/NoteDialog";
import "./proposals.css";

// What the change would have done, with its curve: fetched when there is such a proposal.
const ProposalTrial = later(async () => ({ default: (await import("../rules/ProposalTrial")).ProposalTrial }));

/** What is, an arrow, what would be; words for screen readers where the arrow says it to the eye. */
function Changes({ proposal }: { proposal: Proposal }): ReactNode {
  if (proposal.changes.length === 0) return null;
  return (
    <dl className="proposal-changes">
      {proposal.changes.map((line) => (
        <div key={line.what}>
          <dt>{line.what}</dt>
          <dd>
            <span className="second">{line.before || t("proposal.none")}</span>
            <ArrowRight size={15} strokeWidth={1.6} aria-label={t("proposal.becomes")} />
            <b>{line.after || t("proposal.none")}</b>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Row({ proposal, atOnce }: { proposal: Proposal; atOnce: boolean }): ReactNode {
  const now = useNow();
  const act = useProposalAct();
  // Which act is being given its words.
  const [asking, setAsking] = useState<"take-up" | "reject" | null>(null);
  const { about, mine, ownerless } = proposal;
  const refuse = mine ? t("proposal.withdraw") : t("proposal.reject");
  const close = (): void => {
    setAsking(null);
    act.reset();
  };
  const takeUp = (): void => (proposal.ask_why ? setAsking("take-up") : act.mutate({ id: proposal.id, verb: "take-up", reason: "" }));
  return (
    <Panel title={proposal.title} note={proposal.what} className="proposal">
      <Changes proposal={proposal} />
      {proposal.kind === "rule.change" && proposal.may_decide && (
        <Suspense fallback={<Loading what={t("what.trial")} />}>
          <ProposalTrial proposal={proposal} atOnce={atOnce} />
        </Suspense>
      )}
      <p>{t("proposal.why", { reason: proposal.reason })}</p>
      <p className="second">
        {t("proposal.who", { who: proposal.proposed_by, at: moment(proposal.proposed_at, now) })}
        {about.url !== "" && about.url !== "/proposals" && <Link to={about.url}>{about.label}</Link>}
      </p>
      {proposal.may_decide && (
        <div className="proposal-acts">
          {ownerless ? (
            <Button type="primary" loading={act.isPending && asking === null} onClick={takeUp}>
              {t("proposal.takeUp")}
            </Button>
          ) : (
            <Button type="primary" disabled={proposal.agree !== null} loading={act.isPending && asking === null} onClick={() => act.mutate({ id: proposal.id, verb: "agree" })}>
              {t("proposal.agree")}
            </Button>
          )}
          <Button onClick={() => setAsking("reject")}>{refuse}</Button>
          {proposal.agree !== null && <span className="second">{proposal.agree}</span>}
        </div>
      )}
      {!proposal.may_decide && <p className="second">{mine ? t("proposal.waits.mine") : t("proposal.waits")}</p>}
      {asking === null && <NotSaved error={act.error} />}
      {asking !== null && (
        <NoteDialog
          title={proposal.title}
          verb={asking === "reject" ? refuse : t("proposal.takeUp")}
          busy={act.isPending}
          error={act.error}
          send={(reason) => act.mutate({ id: proposal.id, verb: asking, reason }, { onSuccess: close })}
          close={close}
        />
      )}
    </Panel>
  );
}

/** 待复核: whatever could delay or lower a warning waits here for a second person. */
export function Proposals(): ReactNode {
  const list = useProposals();
  useCrumb(t("nav.proposals"), "/proposals");
  const rows = list.data?.items ?? [];
  return (
    <div className="page">
      <div className="points-head">
        <h1>{list.data ? t("proposal.sentence", { n: list.data.count }) : t("nav.proposals")}</h1>
        <p className="second">{t("proposal.rule")}</p>
        <span className="head-tools">
          <Exchange table="proposals" />
        </span>
      </div>
      {list.error && !list.data ? (
        <div className="panel">
          <Failed error={list.error} what={t("nav.proposals")} again={() => void list.refetch()} />
        </div>
      ) : !list.data ? (
        <div className="panel">
          <Loading what={t("nav.proposals")} />
        </div>
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty title={t("proposal.empty")}>{t("proposal.empty.words")}</Empty>
        </div>
      ) : (
        <div className="proposals">
          {rows.map((proposal) => (
            <Row key={proposal.id} proposal={proposal} atOnce={rows.length <= 3} />
          ))}
        </div>
      )}
    </div>
  );
}
