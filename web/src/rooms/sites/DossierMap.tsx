import { t } from "i18next";
import { Suspense, type ComponentProps, type ReactNode } from "react";
import { useCountyMap } from "../../api/queries";
import { useTone } from "../../appearance";
import { Boundary } from "../../kit/Boundary";
import { later } from "../../kit/later";
import { Failed, Loading } from "../../kit/States";

const SiteMap = later(async () => ({ default: (await import("../../kit/map/SiteMap")).SiteMap }));

/** The county's map with these sites on it, loaded when it is shown. */
export function DossierMap({ sites, focus }: Pick<ComponentProps<typeof SiteMap>, "sites" | "focus">): ReactNode {
  const tone = useTone();
  const map = useCountyMap();
  if (map.error && !map.data) return <Failed error={map.error} what={t("what.map")} again={() => void map.refetch()} />;
  if (!map.data) return <Loading what={t("what.map")} />;
  return (
    <div className="dossier-map">
      <Boundary at="map" fallback={(again) => <Failed error={null} what={t("what.map")} again={again} />}>
        <Suspense fallback={<Loading what={t("what.map")} />}>
          <SiteMap map={map.data} sites={sites} tone={tone} focus={focus} />
        </Suspense>
      </Boundary>
    </div>
  );
}
