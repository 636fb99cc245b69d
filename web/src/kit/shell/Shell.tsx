import type { ReactNode } from "react";
import { Outlet, useOutletContext } from "react-router";
import type { Me } from "../../api/types";
import { useStatus } from "../../api/queries";
import { InkBars } from "./InkBars";
import { Keys } from "./Keys";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import "./shell.css";

export function Shell({ me }: { me: Me }): ReactNode {
  const status = useStatus();
  return (
    <div className="shell">
      <Rail status={status.data} />
      <div className="shell-main">
        <TopBar me={me} status={status.data} />
        <InkBars status={status.data} />
        <main id="main">
          <Outlet context={me} />
        </main>
      </div>
      <Keys />
    </div>
  );
}

export const useMe = (): Me => useOutletContext<Me>();
