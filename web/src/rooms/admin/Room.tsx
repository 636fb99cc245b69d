import { t } from "i18next";
import type { ReactNode } from "react";
import { NavLink } from "react-router";
import { Clauses } from "../../kit/Clauses";
import { useCrumb } from "../../kit/shell/crumb";
import { useMay } from "../people/Room";
import "../duties/desk.css";
import "../people/people.css";
import "./admin.css";

const tabs: { to: string; word: string; permission: string }[] = [
  { to: "/admin", word: "admin.tab.health", permission: "health.read" },
  { to: "/admin/tokens", word: "admin.tab.tokens", permission: "health.read" },
  { to: "/people/accounts", word: "people.tab.accounts", permission: "user.manage" },
];

/** The head the pages of administration share: the sentence and the tabs. */
export function Room(props: { sentence: string; tools?: ReactNode; children: ReactNode }): ReactNode {
  useCrumb(t("nav.admin"), "/admin");
  const may = useMay();
  return (
    <div className="page admin">
      <div className="points-head people-head">
        <h1>
          <Clauses text={props.sentence} />
        </h1>
      </div>
      <div className="people-bar">
        <nav className="tabs" aria-label={t("nav.admin")}>
          {tabs.filter((tab) => may(tab.permission)).map((tab) => (
            <NavLink key={tab.to} to={tab.to} end className={({ isActive }) => `quiet${isActive ? " tab-on" : ""}`}>
              {t(tab.word)}
            </NavLink>
          ))}
        </nav>
        {props.tools !== undefined && <div className="people-tools">{props.tools}</div>}
      </div>
      {props.children}
    </div>
  );
}
