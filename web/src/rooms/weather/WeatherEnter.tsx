import { Button, Input } from "antd";
import { t } from "i18next";
import { useMemo, useState, type ReactNode } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { LevelMark } from "../../kit/LevelTag";
import { Failed, Loading, NotSaved } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { serverNow } from "../../time/server";
import { fieldTime, momentOf } from "../people/times";
import { useEnterWeather, useOneWeather, usePasteWeather, useWeatherForm, type Colour, type WeatherDetail } from "./queries";
import "../sites/points.css";
import "./weather.css";

const colours: [Colour, number][] = [
  ["blue", 1],
  ["yellow", 2],
  ["orange", 3],
  ["red", 4],
];
const hours = [3, 6, 12, 24] as const;

function Choice(props: { on: boolean; set: () => void; children: ReactNode }): ReactNode {
  return (
    <button type="button" className="pick" aria-pressed={props.on} onClick={props.set}>
      {props.children}
    </button>
  );
}

function Form({ old }: { old: WeatherDetail | undefined }): ReactNode {
  const form = useWeatherForm();
  const enter = useEnterWeather();
  const navigate = useNavigate();
  const [type, setType] = useState(old?.type ?? "");
  const [colour, setColour] = useState<Colour | "">(colours.find(([, level]) => level === old?.level)?.[0] ?? "");
  const [towns, setTowns] = useState<number[]>(old?.areas.map((area) => area.id) ?? []);
  const [until, setUntil] = useState(fieldTime(old ? Date.parse(old.ends_at) : serverNow() + 6 * 3_600_000));
  const [text, setText] = useState(old?.messages[0]?.text ?? "");
  // Sending twice (no signal, a second press) enters one warning.
  const key = useMemo(() => crypto.randomUUID(), []);
  if (form.error && !form.data) return <Failed error={form.error} what={t("nav.weather")} again={() => void form.refetch()} />;
  if (!form.data) return <Loading what={t("nav.weather")} />;
  const all = form.data.townships.map((one) => one.id);
  const whole = towns.length === all.length && all.length > 0;
  const lacking = type === "" ? t("weather.pick.type") : colour === "" ? t("weather.pick.colour") : towns.length === 0 ? t("weather.pick.towns") : until === "" ? t("weather.pick.until") : "";
  const send = (): void => {
    if (lacking !== "" || colour === "") return;
    enter.mutate(
      { type, colour, townships: towns, ends_at: momentOf(until) ?? "", text, headline: "", key, ...(old ? { updates: old.id } : {}) },
      { onSuccess: (made) => void navigate(`/weather/${made.id}`) },
    );
  };
  return (
    <div className="panel weather-form">
      <fieldset>
        <legend>{t("weather.type")}</legend>
        {form.data.types.map((one) => (
          <Choice key={one.id} on={type === one.id} set={() => setType(one.id)}>
            {one.title}
          </Choice>
        ))}
      </fieldset>
      <fieldset>
        <legend>{t("weather.colour")}</legend>
        {colours.map(([name, level]) => (
          <Choice key={name} on={colour === name} set={() => setColour(name)}>
            <LevelMark level={level} size={22} label="" /> {t(`level.${level}.word`)}
          </Choice>
        ))}
      </fieldset>
      <fieldset>
        <legend>{t("weather.area")}</legend>
        <Choice on={whole} set={() => setTowns(whole ? [] : all)}>
          {t("weather.whole")}
        </Choice>
        {form.data.townships.map((one) => (
          <Choice key={one.id} on={towns.includes(one.id)} set={() => setTowns(towns.includes(one.id) ? towns.filter((id) => id !== one.id) : [...towns, one.id])}>
            {one.name}
          </Choice>
        ))}
      </fieldset>
      <fieldset>
        <legend>{t("weather.untilHead")}</legend>
        {hours.map((n) => (
          <Choice key={n} on={Math.abs(Date.parse(momentOf(until) ?? "") - serverNow() - n * 3_600_000) < 90_000} set={() => setUntil(fieldTime(serverNow() + n * 3_600_000))}>
            {t("weather.hours", { n })}
          </Choice>
        ))}
        <Input type="datetime-local" aria-label={t("weather.untilHead")} value={until} onChange={(event) => setUntil(event.target.value)} />
      </fieldset>
      <label className="weather-text">
        <span>{t("weather.text")}</span>
        <Input.TextArea rows={3} maxLength={4000} value={text} onChange={(event) => setText(event.target.value)} placeholder={t("weather.text.hint")} />
      </label>
      <NotSaved error={enter.error} />
      <div className="weather-send">
        <Button type="primary" size="large" disabled={lacking !== ""} loading={enter.isPending} onClick={send}>
          {old ? t("weather.update") : t("weather.send")}
        </Button>
        <span className="second">{lacking || (form.data.verified ? t("weather.calls") : t("weather.calls.unverified"))}</span>
      </div>
    </div>
  );
}

function Paste(): ReactNode {
  const [xml, setXml] = useState("");
  const paste = usePasteWeather();
  const taken = paste.data?.messages ?? [];
  return (
    <div className="panel weather-form">
      <label className="weather-text">
        <span>{t("weather.paste.label")}</span>
        <Input.TextArea rows={12} value={xml} onChange={(event) => setXml(event.target.value)} spellCheck={false} />
      </label>
      <NotSaved error={paste.error} />
      {taken.map((one) => (
        <p key={one.id} className="weather-took">
          <b>{t(`weather.standing.${one.standing}`)}</b> {one.headline} {one.because}
          {one.townships.length > 0 && <span>{t("weather.took.towns", { names: one.townships.join(t("list.comma")) })}</span>}
          {one.unmatched.length > 0 && <span className="weather-late">{t("weather.took.unmatched", { names: one.unmatched.join(t("list.comma")) })}</span>}
          {one.event_id !== null && <Link to={`/weather/${one.event_id}`}>{t("weather.open")}</Link>}
        </p>
      ))}
      <div className="weather-send">
        <Button type="primary" size="large" disabled={xml.trim() === ""} loading={paste.isPending} onClick={() => paste.mutate(xml)}>
          {t("weather.paste.send")}
        </Button>
        <span className="second">{t("weather.paste.note")}</span>
      </div>
    </div>
  );
}

/** Entering a warning of the weather service by hand, on a phone too, or as pasted CAP. */
export default function WeatherEnter(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const updates = Number(search.get("update") ?? "");
  const old = useOneWeather(updates > 0 ? updates : NaN);
  const pasting = search.get("by") === "cap";
  useCrumb(t("nav.weather"), "/weather", t("weather.enter"));
  if (updates > 0 && !old.data) return old.error ? <Failed error={old.error} what={t("nav.weather")} again={() => void old.refetch()} /> : <Loading what={t("nav.weather")} />;
  return (
    <div className="page weather">
      <div className="points-head">
        <h1>{old.data ? t("weather.update.title", { title: old.data.title }) : t("weather.enter.title")}</h1>
      </div>
      {!old.data && (
        <div className="tabs tabs-line" role="tablist" aria-label={t("weather.enter")}>
          <button type="button" role="tab" aria-selected={!pasting} onClick={() => setSearch({})}>
            {t("weather.door.hand")}
          </button>
          <button type="button" role="tab" aria-selected={pasting} onClick={() => setSearch({ by: "cap" })}>
            {t("weather.door.paste")}
          </button>
        </div>
      )}
      {pasting ? <Paste /> : <Form old={old.data} />}
    </div>
  );
}
