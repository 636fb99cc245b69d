import { t } from "i18next";
import type { ReactNode } from "react";

export type Doing = "producing" | "stopped" | "sealed" | "closed";

/** 停产、封条、闭坑: a grey square with 封. No level: it says what an alarm there would mean. Nothing while producing. */
export function SealedMark({ doing, size = 18, label }: { doing: Doing; size?: number; label?: string }): ReactNode {
  if (doing === "producing") return null;
  const words = label ?? t(`site.doing.${doing}`);
  const voice = words === "" ? { "aria-hidden": true } : { role: "img", "aria-label": words };
  return (
    <svg className="mark mark-sealed" width={size} height={size} viewBox="0 0 20 20" {...voice}>
      {words !== "" && <title>{words}</title>}
      <SealedShape />
    </svg>
  );
}

/** Twenty units wide; `broken`: its points give no readings. */
export function SealedShape({ broken = false }: { broken?: boolean }): ReactNode {
  return (
    <>
      <rect x="1.8" y="1.8" width="16.4" height="16.4" fill="var(--surface)" stroke="var(--edge)" strokeWidth="1.8" strokeDasharray={broken ? "2.6 2.2" : undefined} />
      <text x="10" y="14.200" fontSize="11.5" fill="var(--ink2)">
        {t("site.sealedChar")}
      </text>
      {broken && <path d="M1.8 18.2 18.2 1.8" stroke="var(--edge)" strokeWidth="1.4" />}
    </>
  );
}

/** The mark with its word, for heads and lists. */
export function SealedTag({ doing }: { doing: Doing }): ReactNode {
  if (doing === "producing") return null;
  return (
    <span className="sealedtag">
      <SealedMark doing={doing} label="" /> {t(`site.doing.${doing}`)}
    </span>
  );
}
