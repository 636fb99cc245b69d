import { useMemo, useState, type MouseEvent, type ReactNode } from "react";
import { createPath, parsePath, Router, type Navigator, type To } from "react-router";

/**
 * One place, which cannot be left: filters and tabs go into its address, every other way is shut.
 *
 * The frame's own address never changes, so that nothing the page does is a way to another page.
 */
export function Held({ at, children }: { at: string; children: ReactNode }): ReactNode {
  const [search, setSearch] = useState("");
  const navigator = useMemo<Navigator>(() => {
    const go = (to: To): void => {
      const path = typeof to === "string" ? parsePath(to) : to;
      if ((path.pathname ?? at) === at) setSearch(path.search ?? "");
    };
    return { createHref: (to) => (typeof to === "string" ? to : createPath(to)), go: () => undefined, push: go, replace: go };
  }, [at]);
  const shut = (event: MouseEvent): void => {
    const link = (event.target as Element).closest("a[href]");
    if (link === null) return;
    const own = parsePath(link.getAttribute("href") ?? "").pathname === at && event.type === "click" && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (own) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Router location={{ pathname: at, search }} navigator={navigator}>
      <div className="embed" onClickCapture={shut} onAuxClickCapture={shut}>
        {children}
      </div>
    </Router>
  );
}
