import { Image } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { Panel } from "../../kit/Panel";
import { useNow } from "../../time/server";
import { moment } from "../../time/words";
import { drawingsOf } from "./drawings";
import { fileOf, pictureOf, type Paper } from "./queries";

/** The site's plans and sections beside its map: one to look at and enlarge, the others by name. */
export function DossierDrawings({ papers }: { papers: readonly Paper[] }): ReactNode {
  const { shown, saved } = drawingsOf(papers);
  const [picked, setPicked] = useState<number | null>(null);
  const one = shown.find((paper) => paper.id === picked) ?? shown[0];
  if (!one && saved.length === 0) return null;
  return (
    <Panel title={t("drawing.title")} note={one ? t("drawing.rule") : undefined}>
      {shown.length > 1 && (
        <div className="drawing-names" role="group" aria-label={t("drawing.title")}>
          {shown.map((paper) => (
            <button key={paper.id} type="button" aria-pressed={paper === one} onClick={() => setPicked(paper.id)}>
              {paper.title}
            </button>
          ))}
        </div>
      )}
      {one && <Drawing key={`${one.id}.${one.versions[0]?.number}`} one={one} />}
      {saved.map((paper) => (
        <p key={paper.id} className="drawing-saved">
          <b>{paper.title}</b>
          <a href={fileOf(paper.id, paper.versions[0]?.number ?? 1)} download>
            {t("drawing.save", { format: paper.versions[0]?.format.toUpperCase() })}
          </a>
        </p>
      ))}
    </Panel>
  );
}

function Drawing({ one }: { one: Paper }): ReactNode {
  const now = useNow();
  const [failed, setFailed] = useState(false);
  const [open, setOpen] = useState(false);
  const newest = one.versions[0];
  if (!newest) return null;
  const picture = pictureOf(one.id, newest.number);
  return (
    <figure className="drawing">
      {failed ? (
        <p className="note" role="status">
          {t("drawing.unshown")}
        </p>
      ) : (
        <>
          <button type="button" className="drawing-open" aria-label={t("drawing.enlarge", { title: one.title })} onClick={() => setOpen(true)}>
            <img src={picture} alt={one.title} onError={() => setFailed(true)} />
          </button>
          {/* Only what the library opens is used; what lies on the page is a plain button. */}
          {open && <Image src={picture} alt={one.title} style={{ display: "none" }} preview={{ open, onOpenChange: setOpen, src: picture }} />}
        </>
      )}
      <figcaption className="second">
        <span>
          <b>{one.title}</b> {t("drawing.version", { n: newest.number })} · {newest.by} {moment(newest.at, now)}
        </span>
        <a href={fileOf(one.id, newest.number)} download>
          {t("drawing.original")}
        </a>
      </figcaption>
    </figure>
  );
}
