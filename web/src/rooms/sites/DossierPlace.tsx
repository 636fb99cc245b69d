import { Button, Input, Select } from "antd";
import { t } from "i18next";
import { useMemo, useState, type ReactNode } from "react";
import { usePlaceAct } from "../../api/queries";
import type { SiteDetail, Warning } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { NotSaved } from "../../kit/States";
import { useMe } from "../../kit/shell/Shell";
import { SiteMoveForm } from "../people/changes";
import { DossierMap } from "./DossierMap";
import { markOf } from "./mark";
import { placeWords } from "./Sites";

/** Where the site lies; whoever may edit sites enters it here, in the grid it was read from. */
export function DossierPlace({ site, worst }: { site: SiteDetail; worst: Warning | undefined }): ReactNode {
  const me = useMe();
  const [editing, setEditing] = useState(false);
  const [moving, setMoving] = useState(false);
  const may = me.permissions.includes("site.edit");
  const { longitude, latitude } = site;
  const focus = useMemo(() => (longitude === null || latitude === null ? null : { longitude, latitude }), [longitude, latitude]);
  const marks = useMemo(() => [markOf(site, worst)], [site, worst]);
  return (
    <Panel
      title={t("site.place")}
      note={site.outside ? <b>{t("dossier.outside")}</b> : placeWords(site)}
      action={
        may && !editing ? (
          <>
            <button type="button" className="linkish" onClick={() => setMoving(true)}>
              {t("site.move")}
            </button>{" "}
            <button type="button" className="linkish" onClick={() => setEditing(true)}>
              {t("dossier.place.edit")}
            </button>
          </>
        ) : undefined
      }
    >
      {moving && <SiteMoveForm site={site.id} name={site.name} close={() => setMoving(false)} />}
      {editing && <PlaceForm site={site} done={() => setEditing(false)} />}
      {focus === null ? (
        !editing && <p className="note">{may ? t("dossier.place.none.may") : t("dossier.place.none")}</p>
      ) : (
        <DossierMap sites={marks} focus={focus} />
      )}
    </Panel>
  );
}

function PlaceForm({ site, done }: { site: SiteDetail; done: () => void }): ReactNode {
  const act = usePlaceAct(site.id);
  const [longitude, setLongitude] = useState(site.longitude === null ? "" : String(site.longitude));
  const [latitude, setLatitude] = useState(site.latitude === null ? "" : String(site.latitude));
  const [crs, setCrs] = useState<"wgs84" | "gcj02">("wgs84");
  const [wrong, setWrong] = useState(false);
  const save = (): void => {
    const x = Number(longitude);
    const y = Number(latitude);
    const fine = longitude.trim() !== "" && latitude.trim() !== "" && Math.abs(x) <= 180 && Math.abs(y) <= 90;
    setWrong(!fine);
    if (fine) act.mutate({ longitude: x, latitude: y, crs }, { onSuccess: done });
  };
  return (
    <form
      className="dossier-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <label>
        {t("site.longitude")}
        <Input inputMode="decimal" value={longitude} onChange={(event) => setLongitude(event.target.value)} />
      </label>
      <label>
        {t("site.latitude")}
        <Input inputMode="decimal" value={latitude} onChange={(event) => setLatitude(event.target.value)} />
      </label>
      <label>
        {t("site.crs")}
        <Select value={crs} onChange={setCrs} options={[{ value: "wgs84", label: t("site.crs.wgs84") }, { value: "gcj02", label: t("site.crs.gcj02") }]} />
      </label>
      <span className="dossier-form-acts">
        <Button type="primary" htmlType="submit" loading={act.isPending}>
          {t("dossier.place.save")}
        </Button>
        <Button onClick={done}>{t("act.back")}</Button>
      </span>
      {wrong && <p role="alert">{t("dossier.place.wrong")}</p>}
      <NotSaved error={act.error} />
    </form>
  );
}
