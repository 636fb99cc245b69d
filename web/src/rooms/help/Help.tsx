import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import type { Me } from "../../api/types";
import { tongue } from "../../i18n";
import { Empty, Failed, Loading } from "../../kit/States";
import { useCrumb } from "../../kit/shell/crumb";
import { askForHelp } from "../../kit/shell/Keys";
import "./help.css";

type Guide = (typeof import("*.md"))["default"];

/** `../leader.md` and `../en/leader.md` by role; each is fetched when it is read. */
const kept = import.meta.glob<{ default: Guide }>(["../../../../docs/guides/roles/**/*.md", "!**/README.md"]);

function find(role: string): (() => Promise<{ default: Guide }>) | undefined {
  return kept[`../../../../docs/guides/roles/${tongue() === "en" ? "en/" : ""}${role}.md`];
}

const roles = ["leader", "duty_officer", "inspector", "department", "township", "principal", "safety_officer", "rescue_lead", "auditor", "administrator"] as const;

/** How my post works, on one page. Who makes accounts is asked by everybody and may read the others' as well. */
export default function Help({ me }: { me: Me }): ReactNode {
  const [params] = useSearchParams();
  const all = me.permissions.includes("user.manage");
  const role = (all && params.get("role")) || me.user.role;
  const load = find(role);
  const guide = useQuery({
    queryKey: ["guide", tongue(), role],
    queryFn: async () => (await load?.())?.default ?? null,
    staleTime: Infinity,
  });
  useCrumb(t("help.title"), "/help");
  return (
    <div className="page help">
      {all && (
        <nav className="help-roles" aria-label={t("help.role")}>
          {roles.map((one) => (
            <Link key={one} to={`/help?role=${one}`} className="quiet" aria-current={one === role ? "page" : undefined}>
              {t(`role.${one}`)}
            </Link>
          ))}
        </nav>
      )}
      {guide.isPending && <Loading what={t("what.guide")} />}
      {guide.error && <Failed error={guide.error} what={t("what.guide")} again={() => void guide.refetch()} />}
      {guide.data === null && <Empty title={t("help.none")}>{t("help.none.words")}</Empty>}
      {guide.data && (
        <article className="panel guide">
          <h1>{guide.data.title}</h1>
          <div dangerouslySetInnerHTML={{ __html: guide.data.html }} />
        </article>
      )}
      <p>
        <Button onClick={askForHelp}>{t("help.keys")}</Button>
      </p>
    </div>
  );
}
