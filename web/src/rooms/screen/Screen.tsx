import { t } from "i18next";
import { useEffect, useMemo, useState, type CSSProperties, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { useAcknowledge, useCountyMap, useScreenNow, useScreenSites, useStatus } from "../../api/queries";
import type { Me, ScreenNow } from "../../api/types";
import { useFewMotions } from "../../appearance";
import { isEmbedded } from "../../embed/key";
import { SiteMap } from "../../kit/map/SiteMap";
import { LevelMark } from "../../kit/LevelTag";
import { CareMark } from "../../kit/CareMark";
import { SealedMark } from "../../kit/SealedMark";
import { Failed, Loading } from "../../kit/States";
import { InkBars } from "../../kit/shell/InkBars";
import { Logo } from "../../kit/shell/Logo";
import { useLine } from "../../live/connect";
import { palettes, type Tone } from "../../theme";
import { useNow } from "../../time/server";
import { ago, clockTime, dayWords } from "../../time/words";
import { Band } from "./Band";
import { Figures } from "./Figures";
import { useFrame } from "./frame";
import { switchFullscreen, useAwake, useLit, useRenewal } from "./kiosk";
import { Answering, Happening, OnDuty } from "./Lists";
import { AnswersPage, TownshipsPage, WarningsPage } from "./Pages";
import { loudest, soundsOf, useSiren } from "./siren";
import { TrendPage } from "./Trend";
import { Turner, WallControls } from "./Turner";
import { holds, settingsOf, type Settings, type WallPage } from "./turning";
import { useTurning, type Wall } from "./useTurning";
import "./screen.css";

/** The alarm sounds on every screen until somebody on duty has heard it; that is one press, and it stands in the ledger. */
function Alarm({ now, me }: { now: ScreenNow; me: Me }): ReactNode {
  const [mutes, setMutes] = useState<readonly string[]>([]);
  const act = useAcknowledge();
  const may = me.permissions.includes("screen.acknowledge");
  const level = loudest(now.alarms, mutes);
  const siren = useSiren(level);
  // What is silent on this screen is what sounded when it was pressed; one that comes again is a new one.
  const sounding = soundsOf(now.alarms).join();
  useEffect(() => setMutes((before) => before.filter((one) => sounding.split(",").includes(one))), [sounding]);
  if (now.alarms.length === 0) return null;
  const muted = level === 0;
  const hear = (): void => {
    siren.allow();
    if (may) act.mutate(now.alarms.map((alarm) => alarm.id));
    else setMutes(soundsOf(now.alarms));
  };
  return (
    <div className="scr-alarm" role="alert" data-sounding={level}>
      {siren.blocked && !muted && (
        <button type="button" onClick={siren.allow}>
          {t("screen.alarm.allow")}
        </button>
      )}
      <button type="button" className="scr-alarm-heard" disabled={act.isPending || muted} onClick={hear}>
        {muted ? t("screen.alarm.muted") : may ? t("screen.alarm.heard", { n: now.alarms.length }) : t("screen.alarm.mute")}
      </button>
      {act.error && <span>{t("screen.alarm.failed")}</span>}
    </div>
  );
}

interface HeadProps {
  me: Me;
  now: ScreenNow | undefined;
  told: number;
  kiosk: boolean;
  /** The wall's pages and controls. */
  children: ReactNode;
}

function Head({ me, now, told, kiosk, children }: HeadProps): ReactNode {
  const time = useNow();
  const { state } = useLine();
  return (
    <header className="scr-head">
      {kiosk ? (
        <div className="scr-brand">
          <Logo size={32} />
          <h1>{t("screen.title", { county: me.county.name })}</h1>
        </div>
      ) : (
        <Link to="/" className="quiet scr-brand" aria-label={t("screen.leave")}>
          <Logo size={32} />
          <h1>{t("screen.title", { county: me.county.name })}</h1>
        </Link>
      )}
      {children}
      {now && <Alarm now={now} me={me} />}
      <span className="scr-date">{dayWords(time)}</span>
      <span className={state === "live" ? "scr-live" : `scr-live scr-live-${state}`}>
        {state === "live" ? t("screen.live", { ago: told > 0 ? ago(told, Date.now()) : "" }) : t(`top.${state}`)}
      </span>
      <b className="scr-clock">{clockTime(time)}</b>
    </header>
  );
}

/** The county's map with what is on it, counted; each count opens the sites it counts. */
export function MapPart({ scale, tone = "dark" }: { scale: number; tone?: Tone }): ReactNode {
  const map = useCountyMap();
  const sites = useScreenSites();
  const error = map.error ?? sites.error;
  if (!map.data || !sites.data) {
    if (!error) return <Loading what={t("what.map")} />;
    return <Failed error={error} what={t("what.map")} again={() => void (map.refetch(), sites.refetch())} />;
  }
  const n = sites.data.legend;
  return (
    <>
      <p className="scr-legend">
        <Link to="/sites?state=normal" className="quiet scr-legend-mark">
          <LevelMark level={0} small size={14 * scale} label="" /> {t("map.count.normal", { n: n.normal })}
        </Link>
        <Link to="/sites?state=raised" className="quiet">{t("map.count.raised", { n: n.raised })}</Link>
        {n.stopped > 0 && (
          <Link to="/sites?stopped=yes" className="quiet scr-legend-mark">
            <SealedMark doing="sealed" size={20 * scale} label="" /> {t("map.count.stopped", { n: n.stopped })}
          </Link>
        )}
        {n.care > 0 && (
          <Link to="/sites?care=yes" className="quiet scr-legend-mark">
            <CareMark kind="calibration" size={20 * scale} /> {t("map.count.care", { n: n.care })}
          </Link>
        )}
        {n.silent > 0 && <Link to="/sites?state=silent" className="quiet">{t("map.count.silent", { n: n.silent })}</Link>}
        {n.unwatched > 0 && <Link to="/sites?state=unwatched" className="quiet">{t("map.count.unwatched", { n: n.unwatched })}</Link>}
        <Link to="/sites" className="quiet">{t("map.count.all", { n: sites.data.count })}</Link>
      </p>
      <SiteMap map={map.data} sites={sites.data.items} tone={tone} scale={scale} text={scale * 1.34} />
    </>
  );
}

/** Who answers is not told in a frame of another platform: its key may not ask for duties. */
const SHUT: readonly WallPage[] = isEmbedded ? ["answers"] : [];

/** What the address asks the wall to be, and how it is asked otherwise. */
function useSettings(): { settings: Settings; change: (name: string, value: string | null) => void } {
  const [search, setSearch] = useSearchParams();
  const { how } = useFrame();
  const settings = useMemo(() => settingsOf(search, how, SHUT), [search, how]);
  const change = (name: string, value: string | null): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return { settings, change };
}

/** The middle of the wall. The map stays where it is and is only seen on its pages: a new one each turn would be a leak to watch. */
function Middle({ page, settings, now, u }: { page: WallPage; settings: Settings; now: ScreenNow; u: number }): ReactNode {
  return (
    <>
      {page === "now" && settings.show !== "map" && <Happening now={now} u={u} />}
      {settings.show !== "lists" && (
        <section className="scr-map" aria-label={t("nav.map")}>
          <MapPart scale={u} />
        </section>
      )}
      {page === "now" && settings.show !== "map" && (
        <div className="scr-side">
          <Answering now={now} u={u} />
          <OnDuty now={now} u={u} />
        </div>
      )}
      {page === "warnings" && <WarningsPage u={u} />}
      {page === "answers" && <AnswersPage now={now} u={u} />}
      {page === "townships" && <TownshipsPage u={u} />}
      {page === "trend" && <TrendPage u={u} />}
      {settings.show !== "map" && <Figures figures={now.figures} />}
    </>
  );
}

/** What a kiosk does beside showing: asleep it hides the cursor and its controls, keeps the screen lit, renews itself. */
function useKiosk(settings: Settings, wall: Wall, quiet: boolean): { awake: boolean; lit: boolean } {
  const awake = useAwake(() => wall.turn({ do: "touch" }));
  useRenewal(settings.kiosk, quiet);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest("input,select,textarea") !== null;
      if (event.key.toLowerCase() === "f" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) switchFullscreen();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return { awake: awake || !settings.kiosk, lit: useLit(settings.kiosk) };
}

export default function Screen({ me }: { me: Me }): ReactNode {
  const now = useScreenNow();
  const status = useStatus();
  const line = useLine();
  const { how, u } = useFrame();
  const { settings, change } = useSettings();
  const few = useFewMotions();
  const held = holds(now.data, status.data, line.state === "lost" || now.error !== null);
  const wall = useTurning(settings, held, few);
  const { awake, lit } = useKiosk(settings, wall, held.length === 0);
  useEffect(() => {
    document.title = `${t("nav.screen")} \u00b7 ${t("brand.name")}`;
    // What shows beyond the wall (a phone pulled past its end) is as dark as the wall, whatever theme is chosen.
    document.documentElement.style.background = palettes.dark.page;
    return () => {
      document.documentElement.style.background = "";
    };
  }, []);
  const style = { "--u": `${u}px` } as CSSProperties;
  const { page } = wall.state;
  return (
    <div className={`screen screen-${how} tone-dark${awake ? "" : " scr-asleep"}`} style={style}>
      <Head me={me} now={now.data} told={now.dataUpdatedAt} kiosk={settings.kiosk}>
        <Turner settings={settings} wall={wall} />
        {awake && how !== "stack" && <WallControls settings={settings} lit={lit} few={few} change={change} />}
      </Head>
      <InkBars status={status.data} />
      {!now.data ? (
        <main className="scr-wait">{now.error ? <Failed error={now.error} what={t("what.screen")} again={() => void now.refetch()} /> : <Loading what={t("what.screen")} />}</main>
      ) : (
        <main className={`scr-main scr-main-${page} scr-show-${settings.show}`}>
          <Band now={now.data} status={status.data} u={u} />
          <Middle page={page} settings={settings} now={now.data} u={u} />
        </main>
      )}
    </div>
  );
}
