import { t } from "i18next";
import type { ReactNode } from "react";
import type { Site } from "../../api/types";
import { LevelMark, NoDataMark } from "../../kit/LevelTag";

/** Its level, a grey ring for normal, a dashed one where something of it is not known; the words stand beside it. */
export function SiteMark({ site, size }: { site: Site; size: number }): ReactNode {
  if (site.standing === "faulty" || site.standing === "unwatched") return <NoDataMark size={size} label="" />;
  return <LevelMark level={site.level} size={size} {...(size < 18 && site.level === 0 ? { label: "" } : {})} />;
}

/** Why it is not simply normal: in words, as grey has no other sign. */
export function Unknown({ site }: { site: Site }): ReactNode {
  return site.standing === "faulty" || site.standing === "unwatched" || site.standing === "fallen" ? <span className="tag">{t(`site.standing.${site.standing}`)}</span> : null;
}
