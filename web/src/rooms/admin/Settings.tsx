import { useQuery } from "@tanstack/react-query";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { api, got } from "../../api/client";
import type { components } from "../../api/schema";
import { Panel } from "../../kit/Panel";
import { Failed, Loading, Stale } from "../../kit/States";
import { figure } from "../../time/figure";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { Room } from "./Room";

type S = components["schemas"];
type Setting = S["SettingOut"];

/** What is set in the browser, and where. */
const HERE = [
  { to: "/admin/start", word: "settings.here.county" },
  { to: "/channels", word: "settings.here.channels" },
  { to: "/people/accounts", word: "settings.here.accounts" },
  { to: "/admin/tokens", word: "settings.here.tokens" },
  { to: "/rules", word: "settings.here.rules" },
  { to: "/reports?tab=superiors", word: "settings.here.superiors" },
];

/** A secret is told as set or not; nothing given is said so, never left blank. */
function Value({ row }: { row: Setting }): ReactNode {
  if (row.secret) return <span className={row.set ? undefined : "second"}>{row.set ? t("settings.secret.set") : t("settings.secret.unset")}</span>;
  if (row.value === null || row.value === "") return <span className="second">{t("settings.empty")}</span>;
  return (
    <span>
      {row.value}
      {row.unit !== "" && ` ${row.unit}`}
    </span>
  );
}

function Line({ row }: { row: Setting }): ReactNode {
  return (
    <li className="sline">
      <div>
        <b>{row.title}</b>
        <p className="second">{row.words}</p>
      </div>
      <div className="svalue">
        <Value row={row} />
      </div>
      <div className="sname">
        <code>{row.name}</code> <em className={row.source === "default" ? "tag" : "tag tag-ink"}>{t(`settings.source.${row.source}`)}</em>
      </div>
    </li>
  );
}

/** 设置: what this server is set to. It is read here; what is set in the browser has its own page. */
export default function Settings(): ReactNode {
  const asked = useQuery({ queryKey: ["admin", "settings"], queryFn: () => got(api.GET("/api/v1/settings")) });
  const now = useNow();
  const found = asked.data;
  if (!found) {
    return (
      <Room sentence={t("admin.tab.settings")}>
        <div className="panel">{asked.error ? <Failed error={asked.error} what={t("admin.tab.settings")} again={() => void asked.refetch()} /> : <Loading what={t("admin.tab.settings")} />}</div>
      </Room>
    );
  }
  const own = found.items.filter((row) => row.source !== "default").length;
  return (
    <Room sentence={t("settings.sentence", { n: found.items.length, own })}>
      <Stale error={asked.error} since={asked.dataUpdatedAt} again={() => void asked.refetch()} />
      <div className="spanels">
        <Panel title={t("settings.here")} note={t("settings.here.note")}>
          <ul className="shere">
            {HERE.map(({ to, word }) => (
              <li key={to}>
                <Link to={to}>{t(word)}</Link>
              </li>
            ))}
          </ul>
        </Panel>
        <Panel title={t("settings.runs")} note={t("settings.runs.note", { at: moment(found.started_at, now) })}>
          <p>{t("settings.versions", { version: found.version, python: found.python, database: found.database, zone: found.zone })}</p>
        </Panel>
        <Panel title={t("settings.how")}>
          {found.how.map((words) => (
            <p key={words}>{words}</p>
          ))}
        </Panel>
        {found.groups.map((group) => {
          const rows = found.items.filter((row) => row.group === group.name);
          return (
            <Panel key={group.name} flush title={group.title} note={t("settings.group", { n: figure(rows.length) })}>
              <ul className="slist">
                {rows.map((row) => (
                  <Line key={row.name} row={row} />
                ))}
              </ul>
            </Panel>
          );
        })}
      </div>
    </Room>
  );
}
