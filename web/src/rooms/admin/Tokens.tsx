import { t } from "i18next";
import type { ReactNode } from "react";
import { onceEach } from "../../api/pages";
import { useNow } from "../../time/server";
import { ApiTokens } from "./ApiTokens";
import { useApiTokens } from "./queries";
import { Room } from "./Room";
import { SourceTokens } from "./SourceTokens";
import { standing } from "./tokens";

/** 令牌: what programs may come in by, whose it is, and how to end it. */
export default function Tokens(): ReactNode {
  const list = useApiTokens();
  const now = useNow();
  const live = onceEach(list.data?.pages).filter((token) => standing(token, now) === "live").length;
  const whole = list.data !== undefined && !list.hasNextPage;
  const sentence = live === 0 ? t("admin.tokens.sentence.none") : t("admin.tokens.sentence", { n: live });
  return (
    <Room sentence={whole ? sentence : t("admin.tab.tokens")}>
      <div className="tpanels">
        <ApiTokens />
        <SourceTokens />
      </div>
    </Room>
  );
}
