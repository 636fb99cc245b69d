/** What was shown outside the page on this device, in whatever window: two windows of one telephone buzz once. */
const KEY = "shoutu.notify.shown";
const LOCK = "shoutu.notify";

function told(): Record<string, number> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, number>;
  } catch {
    return {}; // refused by the browser's settings, or not ours: then what stands on the screen tells
  }
}

function tell(shown: Record<string, number>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(shown));
  } catch {
    // as above
  }
}

/** One window after the other, where the browser can. */
async function alone(run: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) await run();
  else await navigator.locks.request(LOCK, run);
}

type Shows = Pick<ServiceWorkerRegistration, "getNotifications" | "showNotification">;

/** Shows it unless it was shown for so many calls already, also where it was pressed away meanwhile. */
export async function showOnce(registration: Shows, tag: string, calls: number, title: string, options: NotificationOptions & { data: { url: string } }): Promise<void> {
  await alone(async () => {
    const there = (await registration.getNotifications({ tag }))[0]?.data as { calls?: number } | undefined;
    const shown = told();
    if (Math.max(there?.calls ?? 0, shown[tag] ?? 0) >= calls) return;
    await registration.showNotification(title, { ...options, tag, data: { ...options.data, calls } });
    tell({ ...shown, [tag]: calls });
  });
}

/** Closes those of `ours` that stand there no longer for anything; what they had called is forgotten. */
export async function closeThose(registration: Pick<Shows, "getNotifications">, over: (tag: string) => boolean): Promise<void> {
  await alone(async () => {
    for (const one of await registration.getNotifications()) if (over(one.tag)) one.close();
    tell(Object.fromEntries(Object.entries(told()).filter(([tag]) => !over(tag))));
  });
}
