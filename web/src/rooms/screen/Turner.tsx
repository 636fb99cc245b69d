import { t } from "i18next";
import { Maximize2, Minimize2, Settings2 } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { switchFullscreen, useFullscreen } from "./kiosk";
import type { Settings } from "./turning";
import type { Wall } from "./useTurning";

/** The wall's pages by name, the one that stands in weight; and why they do not turn. */
export function Turner({ settings, wall }: { settings: Settings; wall: Wall }): ReactNode {
  if (settings.pages.length < 2) return null;
  // Chosen by hand while danger holds the wall: it goes back by itself.
  const away = wall.state.page !== "now";
  const why = wall.why === "held" && away ? "back" : wall.why === "blind" && away ? "rest" : wall.why;
  return (
    <nav className="scr-turn" aria-label={t("screen.pages")}>
      {settings.pages.map((page) => (
        <button key={page} type="button" aria-current={page === wall.state.page ? "page" : undefined} onClick={() => wall.turn({ do: "go", page })}>
          {t(`screen.page.${page}`)}
        </button>
      ))}
      {why !== null && why !== "off" && <span role="status">{t(`screen.still.${why}`)}</span>}
    </nav>
  );
}

const SECONDS = [0, 10, 15, 20, 30, 60, 120];

type Change = (name: "kiosk" | "every" | "pages" | "show", value: string | null) => void;

/** What the wall does, chosen here and kept in the address: a bookmark opens it the same again. */
export function WallControls({ settings, lit, few, change }: { settings: Settings; lit: boolean; few: boolean; change: Change }): ReactNode {
  const [open, setOpen] = useState(false);
  const full = useFullscreen();
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: KeyboardEvent): void => {
      if (event.key === "Escape") setOpen(false);
    };
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [open]);
  return (
    <div className="scr-controls">
      <button type="button" aria-expanded={open} aria-label={t("screen.controls")} title={t("screen.controls")} onClick={() => setOpen(!open)}>
        <Settings2 strokeWidth={1.6} aria-hidden />
      </button>
      {full !== null && (
        <button type="button" aria-pressed={full} aria-label={t("screen.full")} title={t("screen.full.key")} onClick={switchFullscreen}>
          {full ? <Minimize2 strokeWidth={1.6} aria-hidden /> : <Maximize2 strokeWidth={1.6} aria-hidden />}
        </button>
      )}
      {open && <Choices settings={settings} lit={lit} few={few} change={change} />}
    </div>
  );
}

function Choices({ settings, lit, few, change }: { settings: Settings; lit: boolean; few: boolean; change: Change }): ReactNode {
  const { kiosk, every, pages, offered, show, strange } = settings;
  const seconds = SECONDS.includes(every) ? SECONDS : [...SECONDS, every].sort((a, b) => a - b);
  const toggle = (page: string): void => {
    const next = offered.filter((one) => (one === page ? !pages.includes(one) : pages.includes(one)));
    change("pages", next.length === offered.length ? null : ["now", ...next].join(","));
  };
  return (
    <div className="scr-choices" role="group" aria-label={t("screen.controls")}>
      <label>
        {t("screen.kiosk")}
        <input type="checkbox" checked={kiosk} onChange={() => change("kiosk", kiosk ? null : "")} />
      </label>
      <label>
        {t("screen.every")}
        <select value={every} onChange={(event) => change("every", event.target.value)}>
          {seconds.map((n) => (
            <option key={n} value={n}>
              {n === 0 ? t("screen.every.never") : t("screen.every.seconds", { n })}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("screen.show")}
        <select value={show} onChange={(event) => change("show", event.target.value === "all" ? null : event.target.value)}>
          {(["all", "map", "lists"] as const).map((one) => (
            <option key={one} value={one}>
              {t(`screen.show.${one}`)}
            </option>
          ))}
        </select>
      </label>
      {offered.length > 0 && (
        <fieldset>
          <legend>{t("screen.pages")}</legend>
          {offered.map((page) => (
            <label key={page}>
              {t(`screen.page.${page}`)}
              <input type="checkbox" checked={pages.includes(page)} onChange={() => toggle(page)} />
            </label>
          ))}
        </fieldset>
      )}
      <p>{t("screen.keys")}</p>
      <p>{t("screen.holds")}</p>
      {few && <p>{t("screen.few")}</p>}
      {kiosk && <p>{lit ? t("screen.lit") : t("screen.unlit")}</p>}
      {strange.length > 0 && <p role="alert">{t("screen.strange", { words: strange.join(t("list.comma")) })}</p>}
    </div>
  );
}
