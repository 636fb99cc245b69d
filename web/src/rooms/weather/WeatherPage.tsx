import { Button } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { asProblem } from "../../api/problem";
import { ChainOfPeople } from "../../kit/ChainOfPeople";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading, NotSaved } from "../../kit/States";
import { Timeline } from "../../kit/Timeline";
import { useCrumb } from "../../kit/shell/crumb";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { NoteDialog } from "../duties/NoteDialog";
import { answeredWords, unanswered } from "./words";
import { useOneWeather, useWeatherAct, useWeatherForm, useWeatherTimeline, type WeatherCall, type WeatherDetail } from "./queries";
import "../sites/points.css";
import "./weather.css";

function Head({ one }: { one: WeatherDetail }): ReactNode {
  const now = useNow();
  const tone = one.state === "active" ? one.level : 0;
  return (
    <header className={`weather-head weather-head-${tone}`}>
      <h1>
        <LevelMark level={one.level} size={34} state={one.state === "ended" ? "fallen" : unanswered(one) ? "unanswered" : "answered"} /> {one.title}
      </h1>
      <p>
        <b>{answeredWords(one)}</b>
        {one.enterprises > 0 && <span>{t("weather.firms", { answered: one.enterprises_answered, n: one.enterprises })}</span>}
        <span>{one.state === "ended" ? t(`weather.ended.${one.ended_by || "expired"}`) : t("weather.until", { at: moment(one.ends_at, now) })}</span>
        <span className="second">{one.number}</span>
        {!one.verified && <span className="tag">{t("rule.unverified")}</span>}
      </p>
    </header>
  );
}

function Acts({ one }: { one: WeatherDetail }): ReactNode {
  const act = useWeatherAct(one.id);
  const navigate = useNavigate();
  const [lifting, setLifting] = useState(false);
  const close = (): void => {
    setLifting(false);
    act.reset();
  };
  const run = (verb: string): void => {
    if (verb === "recall") act.mutate({ verb: "recall" });
    else if (verb === "lift") setLifting(true);
    else void navigate(`/weather/new?update=${one.id}`);
  };
  if (one.actions.every((action) => !action.allowed && action.verb !== "lift") && one.state === "ended") return null;
  return (
    <div className="weather-acts">
      {one.actions.map((action) => (
        <Button key={action.verb} disabled={!action.allowed} title={action.why ?? undefined} loading={act.isPending && act.variables?.verb === action.verb} onClick={() => run(action.verb)}>
          {t(`weather.act.${action.verb}`)}
        </Button>
      ))}
      {one.lifting !== null && (
        <Link className="second" to="/proposals">
          {t("weather.lifting")}
        </Link>
      )}
      {!lifting && <NotSaved error={act.error} />}
      {lifting && (
        <NoteDialog title={t("weather.lift.title", { title: one.title })} verb={t("weather.act.lift")} busy={act.isPending} error={act.error} send={(reason) => act.mutate({ verb: "lift", reason }, { onSuccess: close })} close={close} />
      )}
    </div>
  );
}

function CallRow({ call }: { call: WeatherCall }): ReactNode {
  const now = useNow();
  const answered = call.answered_at !== null;
  return (
    <li className={answered ? "weather-done" : undefined}>
      <LevelMark level={call.level} size={15} label="" />
      <span>
        <b>{call.organisation || (call.lane === "county" ? t("weather.lane.county") : call.township)}</b>{" "}
        <span className="second">
          {t(`weather.lane.${call.lane}`)}
          {call.organisation !== "" && ` ${call.township}`} {call.sites > 0 && t("weather.sites", { n: call.sites })}
        </span>
      </span>
      {answered ? (
        <span className="second">
          {call.done_at !== null && call.kind !== "weather.answer" ? t("weather.done") : t("call.answered")} {moment(call.done_at ?? call.answered_at ?? "", now)}
          {call.note !== "" && <em>{call.note}</em>}
        </span>
      ) : (
        <Link className="weather-late" to={`/answer/${call.duty_id}`}>
          {t("weather.notAnswered", { at: moment(call.called_since, now) })}
        </Link>
      )}
    </li>
  );
}

function Calls({ one }: { one: WeatherDetail }): ReactNode {
  const rows = one.called.filter((call) => call.state !== "cancelled");
  const waiting = [...one.townships_waiting, ...one.enterprises_waiting];
  return (
    <Panel title={t("weather.who")} note={waiting.length > 0 ? t("weather.waiting", { names: waiting.join(t("list.comma")) }) : undefined}>
      {rows.length === 0 ? (
        <p className="note">{t("weather.noCalls")}</p>
      ) : (
        <ul className="weather-calls">
          {rows.map((call) => (
            <CallRow key={call.duty_id} call={call} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** A message whose area nobody could match: nobody there is called until somebody says where it is. */
function Unplaced({ one }: { one: WeatherDetail }): ReactNode {
  const form = useWeatherForm();
  const act = useWeatherAct(one.id);
  const [towns, setTowns] = useState<number[]>([]);
  const message = one.unplaced[0];
  if (message === undefined) {
    return one.unmatched.length > 0 ? <p className="weather-unmatched">{t("weather.unmatched", { names: one.unmatched.join(t("list.comma")) })}</p> : null;
  }
  const may = one.actions.some((action) => action.verb === "update" && action.allowed);
  return (
    <div className="weather-unmatched">
      <p>{t("weather.unplaced", { names: one.unmatched.join(t("list.comma")) })}</p>
      {may && (
        <fieldset>
          {(form.data?.townships ?? []).map((town) => (
            <button key={town.id} type="button" className="pick" aria-pressed={towns.includes(town.id)} onClick={() => setTowns(towns.includes(town.id) ? towns.filter((id) => id !== town.id) : [...towns, town.id])}>
              {town.name}
            </button>
          ))}
          <Button type="primary" disabled={towns.length === 0} loading={act.isPending} onClick={() => act.mutate({ verb: "place", message, townships: towns })}>
            {t("weather.place")}
          </Button>
        </fieldset>
      )}
      <NotSaved error={act.error} />
    </div>
  );
}

function Messages({ one }: { one: WeatherDetail }): ReactNode {
  const now = useNow();
  return (
    <Panel title={t("weather.messages")} note={t("weather.messages.note", { n: one.messages.length })}>
      <ul className="weather-messages">
        {one.messages.map((row) => (
          <li key={row.id} className={row.standing === "standing" ? undefined : "weather-done"}>
            <span>
              <LevelMark level={row.kind === "cancel" ? 0 : row.level} size={15} label="" /> <b>{t(`weather.standing.${row.standing}`)}</b> {row.headline || one.type_title}
              {row.level_assumed && <em className="tag">{t("weather.assumed.level")}</em>}
              {row.end_assumed && <em className="tag">{t("weather.assumed.end")}</em>}
            </span>
            {row.text !== "" && <span>{row.text}</span>}
            <span className="second">
              {t(`weather.door.${row.door}`)} {row.sender} {row.by} {moment(row.received_at, now)} {row.townships.join(t("list.comma"))}
              {row.ends_at !== null && row.kind !== "cancel" && ` ${t("weather.until", { at: moment(row.ends_at, now) })}`} {row.because}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** One spell of weather: who has answered, who has not, what came in. */
export default function WeatherPage(): ReactNode {
  const id = Number(useParams().weatherId);
  const weather = useOneWeather(id);
  const timeline = useWeatherTimeline(id);
  useCrumb(t("nav.weather"), "/weather", weather.data?.number ?? "\u2026");
  if (weather.error && !weather.data) {
    if (asProblem(weather.error).status === 404) return <Empty title={t("weather.missing")} action={<Link to="/weather">{t("nav.weather")}</Link>} />;
    return <Failed error={weather.error} what={t("nav.weather")} again={() => void weather.refetch()} />;
  }
  if (!weather.data) return <Loading what={t("nav.weather")} />;
  const one = weather.data;
  return (
    <div className="page weather">
      <Head one={one} />
      <Acts one={one} />
      <Unplaced one={one} />
      <div className="weather-grid">
        <div>
          <Calls one={one} />
          <Messages one={one} />
        </div>
        <div>
          {one.chain.length > 0 && (
            <Panel title={t("weather.ladder")}>
              <ChainOfPeople rows={one.chain} />
            </Panel>
          )}
          <Panel title={t("weather.course")}>
            <Timeline rows={timeline.data?.items ?? []} />
          </Panel>
        </div>
      </div>
    </div>
  );
}
