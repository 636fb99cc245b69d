import { t } from "i18next";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import { Link } from "react-router";

/** Where I am: each page says it once, the top bar shows it and the window carries it. */
interface Trail {
  room: string;
  to: string;
  here: string | null;
}

let trail: Trail = { room: "", to: "/", here: null };
const listeners = new Set<() => void>();

export function useCrumb(room: string, to: string, here: string | null = null): void {
  useEffect(() => {
    trail = { room, to, here };
    document.title = `${here ?? room} \u00b7 ${t("brand.name")}`;
    listeners.forEach((listener) => listener());
  }, [room, to, here]);
}

export function CrumbTrail(): ReactNode {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => trail,
  );
  return (
    <div className="crumb">
      {now.here === null ? (
        <b>{now.room}</b>
      ) : (
        <>
          <Link to={now.to} className="quiet">
            {now.room}
          </Link>
          <span aria-hidden> / </span>
          <b>{now.here}</b>
        </>
      )}
    </div>
  );
}
