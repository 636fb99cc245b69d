import { useQuery } from "@tanstack/react-query";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { api, got } from "../../api/client";
import { useStatus } from "../../api/queries";
import type { Me } from "../../api/types";
import { Panel } from "../../kit/Panel";
import { countsOf, isOwn, mattersOf, type Matter } from "./matters";

const ONE = { limit: 1 } as const;

/** How many stand behind each door: the very figures of the pages they open. */
const asked: Record<Exclude<Matter, "review">, () => Promise<number>> = {
  report: async () => (await got(api.GET("/api/v1/reports/due"))).items.length,
  order: async () => (await got(api.GET("/api/v1/orders", { params: { query: { state: "open", ...ONE } } }))).count,
  hole: async () => (await got(api.GET("/api/v1/responsibilities/findings", { params: { query: ONE } }))).count,
  gap: async () => (await got(api.GET("/api/v1/findings", { params: { query: { optional: false, ...ONE } } }))).count,
  unwatched: async () => (await got(api.GET("/api/v1/sites", { params: { query: { watched: false, ...ONE } } }))).count,
  expired: async () => (await got(api.GET("/api/v1/licences", { params: { query: { standing: "expired", ...ONE } } }))).count,
  unclaimed: async () => (await got(api.GET("/api/v1/unclaimed", { params: { query: { adoptable: true, ...ONE } } }))).count,
};

/** Beside the calls: what this role has to decide or to have mended, each a door to its list. Nothing of it, no panel. */
export function Matters({ me }: { me: Me }): ReactNode {
  const keys = (Object.keys(asked) as (keyof typeof asked)[]).filter((key) => isOwn(me.permissions, key));
  const counts = useQuery({
    queryKey: ["matters", me.user.id],
    queryFn: () => countsOf(keys, asked),
    enabled: keys.length > 0,
    staleTime: 60_000,
    refetchInterval: 120_000,
  });
  const review = useStatus().data?.proposals ?? 0;
  const found = mattersOf(me.permissions, { ...counts.data, review });
  if (found.length === 0) return null;
  return (
    <Panel title={t("matters.title")}>
      <ul className="side-list">
        {found.map((door) => (
          <li key={door.key}>
            <Link to={door.to} className="quiet side-words">
              {t(`matters.${door.key}`)}
            </Link>
            <b className="figure">{door.n ?? "?"}</b>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
