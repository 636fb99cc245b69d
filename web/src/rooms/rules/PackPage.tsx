import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { asProblem } from "../../api/problem";
import type { Me, PackRule } from "../../api/types";
import { LevelMark } from "../../kit/LevelTag";
import { Panel } from "../../kit/Panel";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { Unchecked } from "./Packs";
import { usePack } from "./queries";
import { namer, ofDevice } from "./words";
import "./rules.css";

function Rule({ rule, named }: { rule: PackRule; named: (text: string) => string }): ReactNode {
  return (
    <li>
      <b>{rule.title}</b> <Unchecked verified={rule.verified} />
      <div className="rule-limits">
        {rule.levels.map((one) => (
          <span key={one.level}>
            <LevelMark level={one.level} size={16} /> {named(one.bound)} {rule.unit}
          </span>
        ))}
        {(rule.hold_s ?? 0) > 0 && <span className="second">{t("rules.hold", { n: rule.hold_s })}</span>}
        {rule.kind === "rate" && <span className="second">{t("rules.window", { n: Math.round((rule.window_s ?? 3600) / 60) })}</span>}
      </div>
      <p className="second">
        {rule.cite}
        {rule.note && ` \u00b7 ${rule.note}`}
      </p>
    </li>
  );
}

/** Whether the device works, in one line. */
function Device({ rules }: { rules: readonly PackRule[] }): ReactNode {
  if (rules.length === 0) return null;
  const kinds = [...new Set(rules.map((rule) => rule.kind))].map((kind) => t(`signal.kind.${kind}`));
  return (
    <li>
      <b>{t("rules.device")}</b> {kinds.join(t("list.and"))} <Unchecked verified={rules.every((rule) => rule.verified)} />
      <p className="second">{[t("rules.device.means"), ...new Set(rules.map((rule) => rule.cite))].filter(Boolean).join(" \u00b7 ")}</p>
    </li>
  );
}

export function PackPage({ me }: { me: Me }): ReactNode {
  const name = useParams().pack ?? "";
  const found = usePack(name);
  useCrumb(t("nav.rules"), "/rules", found.data?.title ?? "\u2026");
  if (found.error && !found.data) {
    if (asProblem(found.error).status === 404) return <Empty title={t("rules.missing")} action={<Link to="/rules">{t("rules.toList")}</Link>} />;
    return <Failed error={found.error} what={t("what.packs")} again={() => void found.refetch()} />;
  }
  if (!found.data) return <Loading what={t("what.packs")} />;
  const pack = found.data;
  const named = namer(pack.values);
  return (
    <div className="page">
      <header className="rules-head">
        {me.permissions.includes("rule.edit") && pack.kinds.length > 0 && <Link to={`/rules/${name}/sites`} className="rules-door">{t("bind.door")}</Link>}
        {me.permissions.includes("rule.edit") && <Link to={`/rules/backtest?pack=${name}`} className="rules-door">{t("backtest.many.door")}</Link>}
        <h1>
          {t("rules.packTitle", { title: pack.title, version: pack.version })} <Unchecked verified={pack.verified} />
        </h1>
        <p className="second">{pack.cite}</p>
        {pack.note && <p className="second">{pack.note}</p>}
        <p>{t("rules.packSentence", { sites: pack.sites, rules: pack.rules, unverified: pack.unverified })}</p>
        <nav className="rules-items" aria-label={t("rules.items")}>
          {pack.items.map((item) => (
            <a key={item.id} href={`#item-${item.id}`}>
              {item.title}
            </a>
          ))}
        </nav>
      </header>
      <div className="rules-body">
        <div className="rules-column">
          {pack.items.map((item) => (
            <div key={item.id} id={`item-${item.id}`} className="rules-item">
              <Panel title={item.title} note={item.unit} action={<Unchecked verified={item.verified} />}>
                <ul className="rules-list">
                  {item.rules
                    .filter((rule) => !ofDevice(rule))
                    .map((rule) => (
                      <Rule key={rule.id} rule={rule} named={named} />
                    ))}
                  <Device rules={item.rules.filter(ofDevice)} />
                </ul>
              </Panel>
            </div>
          ))}
        </div>
        <div className="rules-column">
          <Panel title={t("rules.needs")} note={t("rules.needs.note")}>
            <ul className="rules-list">
              {pack.needs.map((need) => (
                <li key={need.id}>
                  {need.title} <Unchecked verified={need.verified} />
                  <p className="second">{need.cite}</p>
                </li>
              ))}
            </ul>
          </Panel>
          <Panel title={t("rules.limits")} note={t("rules.limits.note")}>
            {pack.limits.length === 0 && <p className="second">{t("rules.limits.none")}</p>}
            <ul className="rules-list">
              {pack.limits.map((limit) => (
                <li key={limit.title}>
                  {limit.title} {limit.direction === "low" ? "\u2264" : "\u2265"} {named(limit.value)} {limit.unit} <Unchecked verified={limit.verified} />
                  <p className="second">{limit.cite}</p>
                </li>
              ))}
            </ul>
          </Panel>
          <Panel title={t("rules.values")}>
            <ul className="rules-list">
              {pack.values.map((value) => (
                <li key={value.id}>
                  {value.title} <span className="second">{value.unit}</span>
                  <p className="second">
                    {t(`rules.how.${value.how}`)}
                    {value.formula && ` ${named(value.formula)}`}
                    {value.cite && ` \u00b7 ${value.cite}`}
                  </p>
                </li>
              ))}
            </ul>
          </Panel>
        </div>
      </div>
    </div>
  );
}
