/** How long nobody has touched this page. The page asks the county by itself; that alone must not keep a session alive. */
let touched = Date.now();

export function listen(to: Pick<EventTarget, "addEventListener">): void {
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
    to.addEventListener(kind, () => (touched = Date.now()), { passive: true, capture: true });
  }
}

/** Whole seconds since the last touch, never negative however the machine's clock is set. */
export function still(now = Date.now()): number {
  return Math.max(0, Math.floor((now - touched) / 1000));
}

/** What goes with everything this page asks by itself; nothing while somebody is at it. */
export function stillHeader(): Record<string, string> {
  const seconds = still();
  return seconds > 0 ? { "X-Shoutu-Still": String(seconds) } : {};
}
