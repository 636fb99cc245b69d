import { Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useSite, useSites } from "../../api/queries";
import { Field } from "../people/Dialog";
import { useOrganisations } from "../people/queries";
import { concernKey, concernOf, type Concern } from "./concerns";

const SHOWN = 20;

/** One site, or an enterprise as a whole; sought by either name, the worst sites offered first. */
export function PickConcerns({ value, set }: { value: Concern | null; set: (concern: Concern | null) => void }): ReactNode {
  const [q, find] = useState("");
  const [name, setName] = useState<string>();
  const sites = useSites(q ? { q } : {});
  const mines = useOrganisations({ kind: "enterprise", ...(q ? { q } : {}) });
  // A door from a site's page brings its id alone.
  const brought = useSite(value?.kind === "site" ? value.id : 0);
  const groups = [
    { label: t("order.concerns.sites"), options: (sites.data?.pages[0]?.items ?? []).slice(0, SHOWN).map((one) => ({ value: concernKey({ kind: "site", id: one.id }), label: one.name.startsWith(one.organisation) ? one.name : `${one.organisation} ${one.name}` })) },
    { label: t("order.concerns.mines"), options: (mines.data?.items ?? []).slice(0, SHOWN).map((one) => ({ value: concernKey({ kind: "organisation", id: one.id }), label: one.name })) },
  ].filter((group) => group.options.length > 0);
  const known = groups.flatMap((group) => group.options);
  const chosen = value === null ? null : concernKey(value);
  const told = chosen === null || known.some((one) => one.value === chosen) ? [] : [{ value: chosen, label: name ?? brought.data?.name ?? "\u2026" }];
  return (
    <Field label={t("order.concerns")} note={t("order.concerns.note")}>
      <Select
        showSearch={{ filterOption: false, onSearch: find }}
        allowClear
        value={chosen}
        aria-label={t("order.concerns")}
        placeholder={t("order.concerns.none")}
        loading={sites.isFetching || mines.isFetching}
        options={[...told, ...groups]}
        notFoundContent={t("people.pick.none")}
        onChange={(key?: string | null) => {
          setName(known.find((one) => one.value === key)?.label);
          set(concernOf(key ?? ""));
        }}
      />
    </Field>
  );
}
