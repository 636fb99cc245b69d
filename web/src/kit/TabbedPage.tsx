import type { ReactNode } from "react";
import { NavLink } from "react-router";
import { Clauses } from "./Clauses";

export interface Tab {
  to: string;
  word: string;
}

/** A page of a room with several: the sentence, the room's tabs, what can be done beside them. */
export function TabbedPage(props: { className: string; label: string; tabs: readonly Tab[]; sentence: string; tools?: ReactNode; children: ReactNode }): ReactNode {
  return (
    <div className={`page ${props.className}`}>
      <div className="points-head people-head">
        <h1>
          <Clauses text={props.sentence} />
        </h1>
      </div>
      <div className="people-bar">
        <nav className="tabs" aria-label={props.label}>
          {props.tabs.map((tab) => (
            <NavLink key={tab.to} to={tab.to} end className={({ isActive }) => `quiet${isActive ? " tab-on" : ""}`}>
              {tab.word}
            </NavLink>
          ))}
        </nav>
        {props.tools !== undefined && <div className="people-tools">{props.tools}</div>}
      </div>
      {props.children}
    </div>
  );
}
