import { t } from "i18next";
import type { ReactNode } from "react";
import { TabbedPage } from "../../kit/TabbedPage";
import { useCrumb } from "../../kit/shell/crumb";
import { useMay } from "../people/Room";
import "../duties/desk.css";
import "../people/people.css";
import "./admin.css";

const tabs: { to: string; word: string; permission: string }[] = [
  { to: "/admin", word: "admin.tab.health", permission: "health.read" },
  { to: "/admin/start", word: "admin.tab.start", permission: "place.edit" },
  { to: "/admin/backups", word: "admin.tab.backups", permission: "backup.take" },
  { to: "/admin/tokens", word: "admin.tab.tokens", permission: "health.read" },
  { to: "/admin/settings", word: "admin.tab.settings", permission: "setting.read" },
  { to: "/people/accounts", word: "people.tab.accounts", permission: "user.manage" },
];

/** The head the pages of administration share: the sentence and the tabs. */
export function Room(props: { sentence: string; tools?: ReactNode; children: ReactNode }): ReactNode {
  useCrumb(t("nav.admin"), "/admin");
  const may = useMay();
  const mine = tabs.filter((tab) => may(tab.permission)).map(({ to, word }) => ({ to, word: t(word) }));
  return <TabbedPage className="admin" label={t("nav.admin")} tabs={mine} {...props} />;
}
