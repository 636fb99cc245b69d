import { t } from "i18next";
import type { ReactNode } from "react";
import type { Raised } from "../theme";
import "./level.css";

/** Danger in three signs: colour, shape, word. The ring and the stroke say where the call stands. */
export type TagState = "unanswered" | "answered" | "fallen" | "muted";

interface Shape {
  body: string;
  ring: string;
  textY: number;
  textSize: number;
}

function polygon(sides: number, radius: number, turn: number, cy = 20): string {
  const at = (i: number): string => {
    const angle = ((turn + (360 / sides) * i) * Math.PI) / 180;
    return `${(20 + radius * Math.sin(angle)).toFixed(2)},${(cy - radius * Math.cos(angle)).toFixed(2)}`;
  };
  return `M${Array.from({ length: sides }, (_, i) => at(i)).join("L")}Z`;
}

function circle(radius: number): string {
  return `M20,${20 - radius}a${radius},${radius} 0 1 1 -0.01,0Z`;
}

const shapes: Record<Raised, Shape> = {
  4: { body: polygon(8, 14, 22.5), ring: polygon(8, 18.8, 22.5), textY: 25.6, textSize: 16 },
  3: { body: polygon(4, 15, 0), ring: polygon(4, 19.6, 0), textY: 24.6, textSize: 13 },
  2: { body: "M20,6.5L33.5,30.500H6.5Z", ring: "M20,-0.500L38.5,33.500H1.5Z", textY: 28.4, textSize: 12.5 },
  1: { body: circle(13), ring: circle(17.2), textY: 25.4, textSize: 15.5 },
};

interface MarkProps {
  level: number;
  state?: TagState;
  size?: number;
  /** Shape and ring without the character, where a figure stands beside it. */
  bare?: boolean;
  /** Drawn as below 18 px, at any size: on a wall of four times the pixels a small mark is still the small drawing. */
  small?: boolean;
  /** The shape in grey, of a level nothing stands at: which figure is which is still seen. */
  ghost?: boolean;
  /** Words for those who do not see; empty when the word stands beside it. */
  label?: string;
}

/** The shape alone. A small one, below 18 px unless told, carries no character; level 0 is a grey ring, no colour for normal. */
export function LevelMark({ level, state = "answered", size = 22, bare = false, ghost = false, small = size < 18, label }: MarkProps): ReactNode {
  const words = label ?? t(`level.${level}.word`);
  const voice = words === "" ? { "aria-hidden": true } : { role: "img", "aria-label": words };
  if (level < 1 || level > 4) {
    return (
      <svg className="mark" width={size} height={size} viewBox="0 0 40 40" {...voice}>
        <circle cx="20" cy="20" r={small ? 12 : 7} fill="none" stroke="var(--edge)" strokeWidth={small ? 5 : 2.6} />
      </svg>
    );
  }
  const raised = level as Raised;
  const shape = shapes[raised];
  if (small) {
    return (
      <svg className="mark" width={size} height={size} viewBox="5 5 30 30" {...voice}>
        <path d={shape.body} fill={ghost ? "none" : `var(--l${raised}-fill)`} stroke={ghost ? "var(--edge)" : `var(--l${raised}-edge)`} strokeWidth={ghost ? 2.6 : 1.6} />
      </svg>
    );
  }
  const hollow = state === "fallen" || state === "muted";
  const stroke = state === "muted" ? "var(--edge)" : `var(--l${raised}-edge)`;
  return (
    <svg className={`mark mark-${state}`} width={size} height={size} viewBox="0 0 40 40" overflow="visible" {...voice}>
      {state === "unanswered" && <path className="mark-ring" d={shape.ring} fill="var(--surface)" stroke={stroke} strokeWidth="1.7" />}
      <path
        d={shape.body}
        fill={hollow ? (state === "muted" ? "none" : "var(--surface)") : `var(--l${raised}-fill)`}
        stroke={stroke}
        strokeWidth={hollow ? 2.4 : 1.2}
        strokeDasharray={state === "muted" ? "3.4 2.8" : undefined}
        strokeLinejoin="round"
      />
      {!bare && (
        <text x="20" y={shape.textY} fontSize={shape.textSize} fill={state === "muted" ? "var(--ink3)" : hollow ? `var(--l${raised}-text)` : `var(--l${raised}-on)`}>
          {t(`level.${raised}.char`)}
        </text>
      )}
    </svg>
  );
}

/** A dashed ring with a slash: nothing is known, which is not normal. */
export function NoDataMark({ size = 16, label }: { size?: number; label: string }): ReactNode {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 20 20" {...(label === "" ? { "aria-hidden": true } : { role: "img", "aria-label": label })}>
      <circle cx="10" cy="10" r="6" fill="none" stroke="var(--edge)" strokeWidth="1.8" strokeDasharray="2.600 2.200" />
      <path d="M4 16 16 4" stroke="var(--edge)" strokeWidth="1.6" />
    </svg>
  );
}

/** Shape, character and word, for lists. */
export function LevelTag({ level, state = "answered", size = 28, grey = false }: MarkProps & { grey?: boolean }): ReactNode {
  return (
    <span className="leveltag">
      <LevelMark level={level} state={state} size={size} label="" />
      <b style={{ color: grey || level < 1 ? "var(--ink2)" : `var(--l${level}-text)` }}>{t(`level.${level}.word`)}</b>
    </span>
  );
}
