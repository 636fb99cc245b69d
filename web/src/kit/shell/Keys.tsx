import { Modal } from "antd";
import { t } from "i18next";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { LevelMark } from "../LevelTag";

const HELP = "shoutu:help";
const WAIT_MS = 1_200;
const rooms: Record<string, string> = { d: "/", w: "/warnings", p: "/points", o: "/people", l: "/ledger", m: "/screen", s: "/sites" };

export function askForHelp(): void {
  window.dispatchEvent(new Event(HELP));
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** `g d` desk, `g w` warnings, `g m` map, `g s` sites, `g p` points, `g l` ledger, `/` search, `?` help. */
export function Keys(): ReactNode {
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  // Kept across a change of page: the listener below is made anew there, the half-typed pair must not be lost.
  const gAt = useRef(-Infinity);
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      if (typing(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
      const room = rooms[event.key];
      if (event.key === "?") setHelp((shown) => !shown);
      else if (event.key === "/") {
        event.preventDefault();
        document.getElementById("search")?.focus();
      } else if (event.key === "g") gAt.current = event.timeStamp;
      else if (room !== undefined && event.timeStamp - gAt.current < WAIT_MS) {
        gAt.current = -Infinity;
        void navigate(room);
      }
    };
    const ask = (): void => setHelp(true);
    window.addEventListener("keydown", hear);
    window.addEventListener(HELP, ask);
    return () => {
      window.removeEventListener("keydown", hear);
      window.removeEventListener(HELP, ask);
    };
  }, [navigate]);
  const keys = ["gd", "gw", "gm", "gs", "gp", "go", "gl", "slash", "help", "walk", "acts"] as const;
  return (
    <Modal open={help} onCancel={() => setHelp(false)} footer={null} title={t("keys.title")} width={520}>
      <dl className="keys">
        {keys.map((key) => (
          <div key={key}>
            <dt>{t(`keys.${key}.keys`)}</dt>
            <dd>{t(`keys.${key}.words`)}</dd>
          </div>
        ))}
      </dl>
      <h3 className="keys-head">{t("keys.marks")}</h3>
      <ul className="keys-marks">
        {(["unanswered", "answered", "fallen", "muted"] as const).map((state) => (
          <li key={state}>
            <LevelMark level={4} state={state} size={30} label="" /> {t(`tag.${state}`)}
          </li>
        ))}
      </ul>
    </Modal>
  );
}
