import { useEffect, useRef, useState } from "react";
import type { ScreenNow } from "../../api/types";

type Alarm = ScreenNow["alarms"][number];

/** The alarm: two tones for red, one for orange, made by the browser itself; no file to fetch, nothing to go missing. */
interface Beat {
  hz: number;
  at: number;
  for: number;
}

const beats: Record<number, Beat[]> = {
  4: [
    { hz: 880, at: 0, for: 0.22 },
    { hz: 620, at: 0.26, for: 0.22 },
    { hz: 880, at: 0.52, for: 0.22 },
    { hz: 620, at: 0.78, for: 0.22 },
  ],
  3: [{ hz: 620, at: 0, for: 0.45 }],
};
const EVERY_MS: Record<number, number> = { 4: 1_600, 3: 3_000 };

type Sound = Pick<Alarm, "id" | "level">;

/** Alarms by what they sound for: the same one at another level is another. Pure. */
export const soundsOf = (alarms: readonly Sound[]): string[] => alarms.map((one) => `${one.id}:${one.level}`);

/** The level that sounds: the worst of those not muted here; 0: none. Pure. */
export function loudest(alarms: readonly Sound[], mutes: readonly string[]): number {
  return Math.max(0, ...alarms.filter((one) => !mutes.includes(`${one.id}:${one.level}`)).map((one) => one.level));
}

function play(context: AudioContext, level: number): void {
  for (const beat of beats[level] ?? []) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    const start = context.currentTime + beat.at;
    tone.type = "square";
    tone.frequency.value = beat.hz;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + beat.for);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + beat.for);
  }
}

/** Sounds while `level` is 3 or 4. `blocked`: the browser keeps silent until somebody has pressed something. */
export function useSiren(level: number): { blocked: boolean; allow: () => void } {
  const context = useRef<AudioContext | null>(null);
  const [blocked, setBlocked] = useState(false);
  useEffect(() => {
    if (level < 3) return undefined;
    context.current ??= new AudioContext();
    const sound = (): void => {
      const now = context.current;
      if (!now) return;
      setBlocked(now.state !== "running");
      if (now.state === "running") play(now, level);
    };
    // A context that may run says so a moment after it was made.
    const first = setTimeout(sound, 150);
    const timer = setInterval(sound, EVERY_MS[level]);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [level]);
  useEffect(
    () => () => {
      void context.current?.close();
      context.current = null;
    },
    [],
  );
  const allow = (): void => {
    context.current ??= new AudioContext();
    void context.current.resume().then(() => setBlocked(false));
  };
  return { blocked, allow };
}
