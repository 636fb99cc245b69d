import { useSyncExternalStore } from "react";
import { styleSheet, type Tone } from "./theme";

/** What the person chose; `system` follows the machine. Kept on this browser only. */
export type Choice = "system" | Tone;

const key = "shoutu.tone";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function stored(): Choice {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage may be refused by the browser's settings
  }
}

let choice: Choice = stored();

function tone(): Tone {
  if (choice !== "system") return choice;
  return system.matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset.tone = tone();
  listeners.forEach((listener) => listener());
}

export function startAppearance(): void {
  const style = document.createElement("style");
  style.textContent = styleSheet();
  document.head.prepend(style);
  system.addEventListener("change", apply);
  apply();
}

/** A tone for this page alone, as another platform asks for it; nothing is kept. */
export function showTone(next: Tone): void {
  choice = next;
  apply();
}

export function chooseTone(next: Choice): void {
  choice = next;
  try {
    localStorage.setItem(key, next);
  } catch {
    // the choice then lasts until the page is closed
  }
  apply();
}

function useAsked(asked: MediaQueryList): boolean {
  return useSyncExternalStore(
    (listener) => {
      asked.addEventListener("change", listener);
      return () => asked.removeEventListener("change", listener);
    },
    () => asked.matches,
  );
}

const narrow = window.matchMedia("(max-width: 767px)");
const few = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Whether the window is a phone's: the same width the style sheets ask for. */
export function usePhone(): boolean {
  return useAsked(narrow);
}

/** Whether the person asked their machine for less motion: then nothing opens by moving, nothing changes on its own. */
export function useFewMotions(): boolean {
  return useAsked(few);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTone(): Tone {
  return useSyncExternalStore(subscribe, tone);
}

export function useToneChoice(): Choice {
  return useSyncExternalStore(subscribe, () => choice);
}
