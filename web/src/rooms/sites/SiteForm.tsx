import { Input, Select } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { api, got } from "../../api/client";
import { siteKinds } from "../people/changes";
import { Dialog, Field, lacking, PickOrganisation, PickTerritory } from "../people/Dialog";
import { useChange } from "../people/queries";

/** 新建场所: what it is, whose, in which township; its coordinates, design values and rules are given on its own page. */
export function SiteForm({ close, made }: { close: () => void; made: (id: number) => void }): ReactNode {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<string | null>(null);
  const [organisation, setOrganisation] = useState<number | null>(null);
  const [territory, setTerritory] = useState<number | null>(null);
  const [grade, setGrade] = useState("");
  const change = useChange(() => got(api.POST("/api/v1/sites", { body: { name: name.trim(), kind: kind ?? "", organisation: organisation ?? 0, territory, grade: grade.trim(), params: {} } })));
  const lacks = lacking([[t("people.name"), name.trim() !== ""], [t("site.kind"), kind !== null], [t("site.organisation"), organisation !== null]]);
  return (
    <Dialog title={t("site.new")} verb={t("people.add")} busy={change.isPending} error={change.error} lacks={lacks} send={() => change.mutate(undefined, { onSuccess: (site) => made(site.id) })} close={close}>
      <Field label={t("people.name")}>
        <Input value={name} maxLength={120} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t("site.kind")}>
        <Select value={kind} aria-label={t("site.kind")} placeholder={t("form.pick")} onChange={setKind} options={siteKinds.map((one) => ({ value: one, label: t(`site.kind.${one}`) }))} />
      </Field>
      <PickOrganisation label={t("site.organisation")} value={organisation} set={setOrganisation} />
      <p className="second">
        {t("site.new.body")} <Link to="/people/organisations">{t("people.tab.organisations")}</Link>
      </p>
      <PickTerritory label={t("warning.territory")} value={territory} set={setTerritory} />
      <p className="second">{t("site.new.territory")}</p>
      <Field label={t("site.grade")} note={t("site.new.grade")}>
        <Input value={grade} maxLength={20} onChange={(event) => setGrade(event.target.value)} />
      </Field>
    </Dialog>
  );
}
