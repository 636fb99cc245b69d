import { t } from "i18next";
import type { ReactNode } from "react";
import { useSession } from "../../api/queries";
import { TabbedPage } from "../../kit/TabbedPage";
import { useCrumb } from "../../kit/shell/crumb";
import "../duties/desk.css";
import "./people.css";

const tabs = ["", "matrix", "roster", "organisations", "numbers", "obligations", "accounts"] as const;

/** The head every page of the room shares: the sentence, the tabs, what can be done. */
export function Room(props: { sentence: string; tools?: ReactNode; children: ReactNode }): ReactNode {
  useCrumb(t("nav.people"), "/people");
  const may = useMay();
  const mine = tabs.filter((tab) => (tab !== "accounts" || may("user.manage")) && (tab !== "numbers" || may("channel.read")));
  const led = mine.map((tab) => ({ to: tab === "" ? "/people" : `/people/${tab}`, word: t(`people.tab.${tab || "findings"}`) }));
  return <TabbedPage className="people" label={t("nav.people")} tabs={led} {...props} />;
}

export function useMay(): (permission: string) => boolean {
  const mine = useSession().data?.permissions ?? [];
  return (permission) => mine.includes(permission);
}

/** A post's holder in words: the name, whose deputy that is, or nobody. */
export function Holder(props: { state: string; person: string | null; stands_for?: string | null }): ReactNode {
  if (props.state === "nobody") return <b className="nobody">{t("people.nobody")}</b>;
  return (
    <span className="second">
      {props.person}
      {props.state === "acting" && <em className="tag">{t("people.acting", { name: props.stands_for ?? "" })}</em>}
      {props.state === "away" && <em className="tag tag-ink">{t("people.away")}</em>}
    </span>
  );
}
