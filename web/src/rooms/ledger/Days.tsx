import { Input } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";

/** What narrows a list, kept in the address: its values, without those that are empty, and how to set one. */
export function useFilters(names: readonly string[]): { filter: Record<string, string>; set: (name: string, value: string) => void } {
  const [search, setSearch] = useSearchParams();
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  return { set, filter: Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""]).filter(([, value]) => value !== "")) };
}

/** From this day to that. */
export function Days({ set }: { set: (name: string, value: string) => void }): ReactNode {
  const [search] = useSearchParams();
  const since = search.get("since") ?? "";
  const until = search.get("until") ?? "";
  return (
    <>
      <label className="ledger-day">
        {t("ledger.from")} <Input type="date" value={since} max={until} onChange={(event) => set("since", event.target.value)} />
      </label>
      <label className="ledger-day">
        {t("ledger.to")} <Input type="date" value={until} min={since} onChange={(event) => set("until", event.target.value)} />
      </label>
    </>
  );
}
