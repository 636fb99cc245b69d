import { useEffect, useRef } from "react";

/** `j` and `k` walk the rows of a list, wherever the keyboard is on the page: each row's first `target` takes the focus. */
export function useWalk<T extends HTMLElement>(row: string, target: string): React.RefObject<T | null> {
  const list = useRef<T>(null);
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const step = { j: 1, k: -1 }[event.key];
      const from = event.target instanceof HTMLElement ? event.target : null;
      if (step === undefined || event.metaKey || event.ctrlKey || event.altKey || from?.closest("input,textarea,select,[role=dialog],[role=menu]")) return;
      const rows = [...(list.current?.querySelectorAll<HTMLElement>(row) ?? [])];
      const at = rows.findIndex((one) => one.contains(from));
      const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
      next?.querySelector<HTMLElement>(target)?.focus();
      next?.scrollIntoView({ block: "nearest" });
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [row, target]);
  return list;
}
