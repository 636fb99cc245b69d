import { Input } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { api, got } from "../../api/client";
import { Dialog, Field, lacking, PickSite } from "../people/Dialog";
import { useChange } from "./queries";

interface Props {
  close: () => void;
  /** The new source's first token: its text is nowhere else. */
  made: (token: { name: string; secret: string }) => void;
}

/** 新建数据源: a sender and its first token in one go, for without one nothing of it is taken. */
export function SourceForm({ close, made }: Props): ReactNode {
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const [site, setSite] = useState<number | null>(null);
  // The source stands though its token failed: sent again, it is not made a second time.
  const [stands, setStands] = useState<number | null>(null);
  const make = useChange(async () => {
    const source = stands ?? (await got(api.POST("/api/v1/sources", { body: { name: name.trim(), site } }))).id;
    setStands(source);
    return got(api.POST("/api/v1/sources/{id}/tokens", { params: { path: { id: source } }, body: { name: token.trim() } }));
  });
  const lacks = lacking([[t("admin.token.name"), name.trim() !== ""], [t("admin.source.first"), token.trim() !== ""]]);
  return (
    <Dialog title={t("admin.source.add")} verb={t("admin.token.make")} busy={make.isPending} error={make.error} lacks={lacks} send={() => make.mutate(undefined, { onSuccess: (one) => made({ name: one.name, secret: one.token }) })} close={close}>
      <Field label={t("admin.token.name")} note={stands === null ? t("admin.source.add.note") : t("admin.source.stands")}>
        <Input value={name} maxLength={80} disabled={stands !== null} onChange={(event) => setName(event.target.value)} />
      </Field>
      {stands === null && <PickSite label={t("admin.source.site")} value={site} set={setSite} />}
      <Field label={t("admin.source.first")} note={t("admin.source.name.note")}>
        <Input value={token} maxLength={80} onChange={(event) => setToken(event.target.value)} />
      </Field>
    </Dialog>
  );
}
