import { Button, Checkbox, Input, Radio, Select } from "antd";
import { t } from "i18next";
import { FileJson } from "lucide-react";
import { useMemo, useState, type DragEvent, type ReactNode } from "react";
import { useCountyMap } from "../../api/queries";
import type { CountyMap } from "../../api/types";
import { useTone } from "../../appearance";
import { SiteMap } from "../../kit/map/SiteMap";
import { Failed, FieldWrong, isAbout, Loading, NotSaved } from "../../kit/States";
import { useCheck, useTake, type Checked, type Crs, type Others, type Taken } from "./queries";
import "../../kit/import/import.css";

const OTHERS = ["refuse", "neighbours", "townships"] as const;

/** The outlines of county and townships from a GeoJSON file: chosen, looked at on the map, and taken whole or not. */
export function Outlines({ has, schematic, county }: { has: boolean; schematic: boolean; county: string }): ReactNode {
  const [file, setFile] = useState<File | null>(null);
  const [taken, setTaken] = useState<Taken | null>(null);
  const choose = (one: File): void => {
    setTaken(null);
    setFile(one);
  };
  return (
    <section className="start-outline" aria-label={t("start.outline")}>
      <h3>{t("start.outline")}</h3>
      {taken !== null && <Done taken={taken} />}
      {file === null ? (
        <>
          {has && <Standing schematic={schematic} />}
          <Choose again={has} choose={choose} />
        </>
      ) : (
        <Look
          key={`${file.name} ${file.size} ${file.lastModified}`}
          file={file}
          lacks={has ? "" : county}
          another={() => setFile(null)}
          done={(what) => {
            setTaken(what);
            setFile(null);
          }}
        />
      )}
    </section>
  );
}

/** What stands now, drawn as it is drawn everywhere. */
function Standing({ schematic }: { schematic: boolean }): ReactNode {
  const map = useCountyMap();
  const tone = useTone();
  return (
    <>
      <p className="second">{t(schematic ? "start.outline.schematic" : "start.outline.has")}</p>
      {map.data && (
        <div className="start-map">
          <SiteMap map={map.data} sites={[]} tone={tone} listed={false} />
        </div>
      )}
    </>
  );
}

function Choose({ again, choose }: { again: boolean; choose: (file: File) => void }): ReactNode {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) choose(file);
  };
  return (
    <>
      <label
        className={`import-drop start-drop${over ? " import-over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <FileJson size={26} strokeWidth={1.4} aria-hidden />
        <span>{t(again ? "start.outline.replace" : "start.outline.choose")}</span>
        <input
          type="file"
          accept=".geojson,.json,application/geo+json"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) choose(file);
          }}
        />
      </label>
      <p className="note">{t("start.outline.limits")}</p>
    </>
  );
}

/** `lacks`: the county's name while it has no outline. */
function Look({ file, lacks, another, done }: { file: File; lacks: string; another: () => void; done: (taken: Taken) => void }): ReactNode {
  const [crs, setCrs] = useState<Crs>("wgs84");
  const [others, setOthers] = useState<Others>("refuse");
  const [source, setSource] = useState("");
  const [sketch, setSketch] = useState(false);
  const found = useCheck({ file, crs, others });
  const take = useTake();
  const checked = found.data;
  const ready = checked !== undefined && checked.wrong === 0 && !found.isFetching && source.trim() !== "";
  return (
    <div className="start-look import">
      <p className="import-file">
        {file.name} <span className="note">{t("import.size", { n: Math.max(1, Math.round(file.size / 1024)) })}</span>
      </p>
      <div className="start-options">
        <Radio.Group value={crs} aria-label={t("start.outline.crs")} onChange={(event) => setCrs(event.target.value as Crs)}>
          <Radio value="wgs84">{t("start.outline.wgs84")}</Radio>
          <Radio value="gcj02">{t("start.outline.gcj02")}</Radio>
        </Radio.Group>
        <Select value={others} aria-label={t("start.outline.others")} options={OTHERS.map((value) => ({ value, label: t(`start.outline.others.${value}`) }))} onChange={setOthers} />
      </div>
      {found.error ? <Failed error={found.error} what={t("start.outline.file")} again={() => void found.refetch()} /> : checked === undefined ? <Loading what={t("start.outline.file")} /> : <Found checked={checked} lacks={lacks} />}
      {checked !== undefined && checked.wrong === 0 && (
        <div className="start-take">
          <label htmlFor="start-source">{t("start.outline.source")}</label>
          <Input id="start-source" value={source} maxLength={200} placeholder={t("start.outline.source.hint")} onChange={(event) => setSource(event.target.value)} />
          <FieldWrong error={take.error} field="source" id="start-source-wrong" />
          <Checkbox checked={sketch} onChange={(event) => setSketch(event.target.checked)}>
            {t("start.outline.sketch")}
          </Checkbox>
        </div>
      )}
      {!isAbout(take.error, ["source"]) && <NotSaved error={take.error} />}
      <div className="start-acts">
        <Button
          type="primary"
          disabled={!ready}
          loading={take.isPending}
          onClick={() => checked && take.mutate({ file, crs, others, plan: checked.plan, source: source.trim(), schematic: sketch }, { onSuccess: done })}
        >
          {t("start.outline.take", { n: checked?.rows.length ?? 0 })}
        </Button>
        <Button onClick={another}>{t("start.outline.another")}</Button>
        {checked !== undefined && checked.wrong === 0 && source.trim() === "" && <span className="note">{t("start.outline.source.first")}</span>}
      </div>
    </div>
  );
}

/** What the file holds, as the map would draw it. */
function drawn(checked: Checked): CountyMap {
  return {
    type: "FeatureCollection",
    schematic: false,
    sources: [],
    features: checked.map.map((area) => ({ type: "Feature", id: area.number, properties: { name: area.name, kind: area.kind, territory: null, label: area.label }, geometry: area.geometry })),
  };
}

function sentence(checked: Checked): string {
  if (checked.wrong > 0) return t("start.outline.wrong", { n: checked.wrong, all: checked.rows.length });
  const made = checked.rows.filter((row) => row.fits === "new").length;
  return t(made > 0 ? "start.outline.right.made" : "start.outline.right", { all: checked.rows.length, made });
}

function Found({ checked, lacks }: { checked: Checked; lacks: string }): ReactNode {
  const tone = useTone();
  const map = useMemo(() => drawn(checked), [checked]);
  // What is wrong is read first.
  const rows = [...checked.rows].sort((a, b) => Number(b.errors.length > 0) - Number(a.errors.length > 0) || a.number - b.number);
  return (
    <>
      <h2 aria-live="polite">{sentence(checked)}</h2>
      {lacks !== "" && !checked.rows.some((row) => row.fits === "county") && <p className="start-note">{t("start.outline.noCounty", { name: lacks })}</p>}
      <div className="start-found">
        {map.features.length > 0 && (
          <div className="start-map">
            <SiteMap map={map} sites={[]} tone={tone} listed={false} />
          </div>
        )}
        <div className="import-rows" tabIndex={0} role="region" aria-label={t("start.outline.rows")}>
          <table>
            <tbody>
              {rows.map((row) => (
                <tr key={row.number}>
                  <th scope="row">{t("start.outline.row", { n: row.number })}</th>
                  <td className="import-label">{row.name || t("import.blank")}</td>
                  <td>
                    {row.errors.length > 0 ? row.errors.map((one) => <b key={one} className="start-wrong">{one}</b>) : t(`start.outline.fits.${row.fits}`)}
                    {row.replaces && <span className="note"> {t("start.outline.replaces")}</span>}
                    {row.notes.map((one) => (
                      <span key={one} className="start-note">
                        {one}
                      </span>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
      {checked.wrong === 0 && checked.without.length > 0 && <p className="note">{t("start.outline.without", { names: checked.without.join(t("list.comma")) })}</p>}
      {checked.outside.length > 0 && <p className="start-note">{t("start.outline.outside", { names: checked.outside.join(t("list.comma")) })}</p>}
    </>
  );
}

function Done({ taken }: { taken: Taken }): ReactNode {
  return (
    <p className="start-taken" role="status">
      {t("start.outline.taken", { n: taken.territories.length, neighbours: taken.neighbours.length })}
      {taken.made.length > 0 && ` ${t("start.outline.made", { names: taken.made.join(t("list.comma")) })}`}
      {taken.outside.length > 0 && ` ${t("start.outline.outside", { names: taken.outside.join(t("list.comma")) })}`}
    </p>
  );
}
