import type { ReactNode } from "react";
import "./panel.css";

/** A surface with a 44 px head: title, a grey line beside it, an action at the right. */
export function Panel(props: { title: string; note?: ReactNode; action?: ReactNode; children: ReactNode; flush?: boolean; className?: string }): ReactNode {
  return (
    <section className={`panel ${props.className ?? ""}`}>
      <header>
        <h2>{props.title}</h2>
        {props.note !== undefined && <span className="panel-note">{props.note}</span>}
        {props.action !== undefined && <span className="panel-action">{props.action}</span>}
      </header>
      <div className={props.flush ? "panel-flush" : "panel-body"}>{props.children}</div>
    </section>
  );
}
