import { Button, Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { FieldWrong, isAbout, NotSaved } from "../../kit/States";
import { useRename, type Beginning } from "./queries";

/** The county's name and code, changed where they stand; the change goes into the ledger. */
export function CountyName({ county }: { county: NonNullable<Beginning["county"]> }): ReactNode {
  const [name, setName] = useState(county.name);
  const [code, setCode] = useState(county.code);
  const rename = useRename();
  const same = name.trim() === county.name && code.trim() === county.code;
  const fields = ["name", "code"];
  return (
    <div className="start-name">
      <label htmlFor="start-name">{t("start.county.name")}</label>
      <Input id="start-name" value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
      <label htmlFor="start-code">{t("start.county.code")}</label>
      <Input id="start-code" value={code} maxLength={12} inputMode="numeric" placeholder="141027" onChange={(event) => setCode(event.target.value)} />
      <Button disabled={same || name.trim() === ""} loading={rename.isPending} onClick={() => rename.mutate({ id: county.id, name: name.trim(), code: code.trim() })}>
        {t("start.county.rename")}
      </Button>
      {fields.map((field) => (
        <FieldWrong key={field} error={rename.error} field={field} id={`start-${field}-wrong`} />
      ))}
      {!isAbout(rename.error, fields) && <NotSaved error={rename.error} />}
    </div>
  );
}
