import { Button } from "antd";
import { t } from "i18next";
import { Check, ChevronDown } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { Exchange } from "../../kit/import/Exchange";
import { Failed, Loading, Stale } from "../../kit/States";
import { SiteForm } from "../sites/SiteForm";
import { CountyName } from "./CountyName";
import { Outlines } from "./Outlines";
import { useBeginning, type Beginning, type Step } from "./queries";
import "./start.css";

/** Which tables a step may be filled from, and the page where it is done by hand. */
const ways: Record<Step["step"], { tables: readonly string[]; to: string | null }> = {
  county: { tables: [], to: null },
  townships: { tables: ["territories"], to: "/people/organisations" },
  bodies: { tables: ["organisations", "posts", "persons"], to: "/people/organisations" },
  accounts: { tables: [], to: "/people/accounts" },
  sites: { tables: ["organisations", "sites"], to: "/sites" },
  points: { tables: ["points"], to: "/points" },
  roster: { tables: ["shifts"], to: "/people/roster" },
  channels: { tables: [], to: "/channels" },
  witness: { tables: [], to: "/ledger" },
  backup: { tables: [], to: "/admin/backups" },
};

/** Steps nobody can do in a browser: the command the operator gives on the server. */
const commands: Partial<Record<Step["step"], string>> = {
  witness: "shoutu ledger witness NAME folder PATH",
};

const tableWord = (table: string): string => t(`start.table.${table}`);

function Ways({ step }: { step: Step["step"] }): ReactNode {
  const { tables, to } = ways[step];
  const command = commands[step];
  return (
    <>
      {tables.map((table) => (
        <div key={table} className="start-table">
          <span>{tableWord(table)}</span>
          <Exchange table={table} brief />
        </div>
      ))}
      {command !== undefined && (
        <p className="start-command">
          {t("start.command")} <code>{command}</code>
        </p>
      )}
      {to !== null && (
        <p>
          <Link to={to}>{t(`start.${step}.go`)}</Link>
        </p>
      )}
    </>
  );
}

/** 新建场所 where the step is: the list of steps stays, and its tick comes by itself. */
function NewSite(): ReactNode {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <p>
      <Button onClick={() => setOpen(true)}>{t("site.new")}</Button>
      {open && <SiteForm close={close} made={close} />}
    </p>
  );
}

/** What a point needs first: somebody who sends its readings. Then its address comes in by itself and is adopted. */
function Senders({ n }: { n: number }): ReactNode {
  return (
    <div className="start-senders">
      <p>
        {n === 0 ? <b>{t("start.points.source.none")}</b> : t("start.points.source", { n })} <Link to="/admin/tokens">{t("start.points.source.go")}</Link>
      </p>
      <p>
        {t("start.points.unclaimed")} <Link to="/unclaimed">{t("start.points.unclaimed.go")}</Link>
      </p>
    </div>
  );
}

function Body({ step, county }: { step: Step; county: Beginning["county"] }): ReactNode {
  return (
    <div className="start-body" id={`start-${step.step}`}>
      <p className="start-why">{t(`start.${step.step}.why`)}</p>
      {step.step === "county" && county !== null && <CountyName key={county.name} county={county} />}
      {step.step === "county" && <Outlines has={step.done} schematic={step.facts.schematic === 1} county={county?.name ?? ""} />}
      {step.step === "sites" && <NewSite />}
      {step.step === "points" && <Senders n={step.facts.sources ?? 0} />}
      <Ways step={step.step} />
    </div>
  );
}

/** Setting a county up: each step ticked by what the county holds, the first undone one open; left and come back to. */
export function FirstSteps(): ReactNode {
  const asked = useBeginning();
  // What somebody opened or shut by hand; else the first undone step stands open.
  const [chosen, setChosen] = useState<Step["step"] | "none" | null>(null);
  const found = asked.data;
  if (!found) {
    return <div className="panel">{asked.error ? <Failed error={asked.error} what={t("start.what")} again={() => void asked.refetch()} /> : <Loading what={t("start.what")} />}</div>;
  }
  const next = found.steps.find((step) => !step.done)?.step ?? null;
  const open = chosen ?? next;
  return (
    <div className="panel start">
      <Stale error={asked.error} since={asked.dataUpdatedAt} again={() => void asked.refetch()} />
      <ol className="start-steps">
        {found.steps.map((step, i) => (
          <li key={step.step} className={step.done ? "start-done" : undefined}>
            <button type="button" className="start-head" aria-expanded={open === step.step} aria-controls={`start-${step.step}`} onClick={() => setChosen(open === step.step ? "none" : step.step)}>
              <i className="start-mark" aria-hidden>
                {step.done ? <Check size={16} strokeWidth={2} /> : i + 1}
              </i>
              <span>
                <b>{t(`start.${step.step}`)}</b>
                <span className="start-state">{t(step.done ? "start.done" : step.step === next ? "start.next" : "start.undone")}</span>
                <span className="start-facts">{t(`start.facts.${step.step}.${step.done ? "done" : "undone"}`, { ...step.facts, name: found.county?.name ?? "" })}</span>
              </span>
              <ChevronDown size={18} strokeWidth={1.6} aria-hidden />
            </button>
            {open === step.step && <Body step={step} county={found.county} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** One line for whoever left the steps half done: how many are left, and the way back. */
export function StepsLeft(): ReactNode {
  const left = useBeginning().data?.left ?? 0;
  if (left === 0) return null;
  return (
    <p className="start-left">
      {t("start.left", { n: left })} <Link to="/admin/start">{t("start.goOn")}</Link>
    </p>
  );
}
