import { useLayoutEffect, useState } from "react";

/**
 * How many of the rows fit into the room left for them; all where the page may grow (a phone), and at least one.
 * Every row is drawn, those without room unseen: so each is measured, and again when it or the room changes.
 *
 * `ids`: the rows, in their order.
 */
export function useFit(ids: string, free: boolean): { place: (list: HTMLUListElement | null) => void; fit: number } {
  // The list itself is not there while there is nothing to show: it is asked for anew when it comes.
  const [list, place] = useState<HTMLUListElement | null>(null);
  const [fit, setFit] = useState(Infinity);
  useLayoutEffect(() => {
    if (list === null || free) return setFit(Infinity);
    const measure = (): void => {
      const foot = list.getBoundingClientRect().bottom + 1;
      setFit(Math.max(1, [...list.children].filter((row) => row.getBoundingClientRect().bottom <= foot).length));
    };
    measure();
    const watch = new ResizeObserver(measure);
    for (const one of [list, ...list.children]) watch.observe(one);
    return () => watch.disconnect();
  }, [list, ids, free]);
  return { place, fit };
}
