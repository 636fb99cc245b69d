import { useEffect, useReducer, useRef } from "react";
import { useNow } from "../../time/server";
import { BEGIN, still, turned, type Settings, type Told, type Turn, type Turning } from "./turning";

export interface Wall {
  state: Turning;
  why: ReturnType<typeof still>;
  turn: (turn: Turn) => void;
}

/** Keys belong to whoever has them: all to a field and the map, the space bar also to what is pressed by it. */
const FIELDS = "input,select,textarea,.map";
const PRESSED = "button,a[href]";

const keys: Record<string, Turn> = {
  ArrowRight: { do: "step", by: 1 },
  PageDown: { do: "step", by: 1 },
  ArrowLeft: { do: "step", by: -1 },
  PageUp: { do: "step", by: -1 },
  " ": { do: "stop" },
};

/** The pages of the wall, turned by the beat all clocks share: there is no timer of its own to leave behind. */
export function useTurning({ pages, every }: Pick<Settings, "pages" | "every">, held: readonly string[], few: boolean): Wall {
  const second = useNow();
  const told = useRef<Omit<Told, "now">>({ pages, every, held });
  told.current = { pages, every: few ? 0 : every, held };
  const [state, turn] = useReducer((before: Turning, what: Turn) => turned(before, what, { ...told.current, now: performance.now() }), BEGIN);
  const key = held.join();
  useEffect(() => turn({ do: "beat" }), [second, key]);
  useEffect(() => {
    if (pages.length < 2) return undefined;
    const press = (event: KeyboardEvent): void => {
      const what = keys[event.key];
      if (!what || event.ctrlKey || event.altKey || event.metaKey) return;
      const at = event.target instanceof Element ? event.target : null;
      if (at?.closest(FIELDS) || (event.key === " " && at?.closest(PRESSED))) return;
      event.preventDefault();
      turn(what);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [pages.length]);
  // Shown is what holds now, not what held at the last beat.
  const page = pages.includes(state.page) && !held.some((one) => !state.held.includes(one)) ? state.page : "now";
  return { state: { ...state, page }, why: still(state, { ...told.current, now: performance.now() }), turn };
}
