import { useEffect, useRef, type ReactNode } from "react";
import { Outlet, useLocation, useNavigationType, useOutletContext } from "react-router";
import type { Me } from "../../api/types";
import { useStatus } from "../../api/queries";
import { Boundary } from "../Boundary";
import { InkBars } from "./InkBars";
import { Keys } from "./Keys";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import "./shell.css";

/** A page gone to begins at its top, and the keyboard with it; going back keeps the place. */
function useArrival(): React.RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const how = useNavigationType();
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && how !== "POP") {
      window.scrollTo(0, 0);
      // Whoever types already (the search opens by a key) keeps the keyboard.
      if (!document.activeElement?.matches("input,textarea")) main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [pathname, how]);
  return main;
}

export function Shell({ me }: { me: Me }): ReactNode {
  const status = useStatus();
  const main = useArrival();
  const { pathname } = useLocation();
  return (
    <div className="shell">
      <Rail status={status.data} me={me} />
      <div className="shell-main">
        <TopBar me={me} status={status.data} />
        <InkBars status={status.data} />
        <main id="main" ref={main} tabIndex={-1}>
          <Boundary at={pathname}>
            <Outlet context={me} />
          </Boundary>
        </main>
      </div>
      <Keys />
    </div>
  );
}

export const useMe = (): Me => useOutletContext<Me>();
