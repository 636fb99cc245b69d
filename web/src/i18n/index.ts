import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import zh from "./zh.json";

export type Tongue = "zh" | "en";
const key = "shoutu.tongue";

function stored(): Tongue {
  try {
    return localStorage.getItem(key) === "en" ? "en" : "zh";
  } catch {
    return "zh"; // storage may be refused by the browser's settings
  }
}

async function words(tongue: Tongue): Promise<Record<string, string>> {
  return tongue === "zh" ? zh : (await import("./en.json")).default;
}

function mark(tongue: Tongue): void {
  document.documentElement.lang = tongue === "zh" ? "zh-CN" : "en";
}

export function tongue(): Tongue {
  return i18next.language === "en" ? "en" : "zh";
}

/** Chinese is in the first load; English comes when chosen. Keys are flat and may hold dots. */
export async function startWords(told?: Tongue): Promise<void> {
  const chosen = told ?? stored();
  // English that cannot be fetched is no reason to show nothing.
  const english = chosen === "en" ? await words("en").catch(() => null) : null;
  const first: Tongue = english === null ? "zh" : "en";
  await i18next.use(initReactI18next).init({
    lng: first,
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { zh: { translation: zh }, ...(english === null ? {} : { en: { translation: english } }) },
  });
  mark(first);
}

export async function speak(next: Tongue): Promise<void> {
  if (!i18next.hasResourceBundle(next, "translation")) {
    i18next.addResourceBundle(next, "translation", await words(next));
  }
  await i18next.changeLanguage(next);
  mark(next);
  try {
    localStorage.setItem(key, next);
  } catch {
    // the choice then lasts until the page is closed
  }
}
