import { t } from "i18next";
import { useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import type { Gap, LevelEvent, Reading, Threshold } from "../../api/types";
import { digitsOf, figure, placesOf } from "../../time/figure";
import { clockTime, monthDay } from "../../time/words";
import { AxisTime, Bands, Crossings, Drafted, Gaps, Hand, Limits, MomentLine, ValueAxis } from "./parts";
import { makeScale, type Frame } from "./scale";
import { findGaps, mergeGaps, nearest, pieces, toSteps, withLatest, type Step } from "./series";
import "./curve.css";

export interface CurveProps {
  readings: readonly Reading[];
  gaps: readonly Gap[];
  thresholds: readonly Threshold[];
  /** Limits somebody proposes instead of these: dotted ink, labelled at the left. */
  drafted?: readonly Threshold[];
  axis: "up" | "down";
  unit: string;
  start: number;
  end: number;
  /** Milliseconds between two readings as shown. */
  every: number;
  title: string;
  moment?: { at: number; label: string } | null;
  events?: readonly LevelEvent[];
  surface?: string | null;
  /** The newest reading as measured, which a thinned series only holds as a mean. */
  latest?: { ts: string; value: number | null } | null;
  /** Pixels the rest of the page needs beside a curve that fills the screen. */
  below?: number;
  height?: number;
  compact?: boolean;
}

function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(Math.round(element.clientWidth)));
    watch.observe(element);
    setWidth(Math.round(element.clientWidth));
    return () => watch.disconnect();
  }, []);
  return [ref, width];
}

/** Tall on a tall screen, short on a phone: the next panel must still show. */
function tallness(width: number, below: number): number {
  return width < 500 ? 290 : Math.min(760, Math.max(388, window.innerHeight - below));
}

function linePath(piece: readonly Step[], x: (t: number) => number, y: (v: number) => number): string {
  return piece.map((step, i) => `${i === 0 ? "M" : "L"}${x(step.t).toFixed(1)},${y(step.v).toFixed(1)}`).join("");
}

/** The extremes a thinned step stands for: a spike between two means must not vanish. */
function envelopePath(piece: readonly Step[], x: (t: number) => number, y: (v: number) => number): string {
  const up = piece.map((s) => `${x(s.t).toFixed(1)},${y(s.hi).toFixed(1)}`);
  const back = [...piece].reverse().map((s) => `${x(s.t).toFixed(1)},${y(s.lo).toFixed(1)}`);
  return `M${up.join("L")}L${back.join("L")}Z`;
}

export function Curve(props: CurveProps): ReactNode {
  const { thresholds, start, end, unit, compact = false, events = [], moment = null, drafted = [] } = props;
  const [box, width] = useWidth();
  const [hand, setHand] = useState<number | null>(null);
  const hatch = useId();
  const steps = useMemo(() => withLatest(toSteps(props.readings), props.latest, end).filter((s) => s.t >= start && s.t <= end), [props.readings, props.latest, start, end]);
  const gaps = useMemo(() => mergeGaps(props.gaps, findGaps(steps, props.every, end)), [props.gaps, steps, props.every, end]);
  const height = props.height ?? tallness(width, props.below ?? 512);
  const digits = Math.max(0, ...thresholds.map((limit) => placesOf(limit.value)), Math.min(2, digitsOf(steps.slice(-40).map((s) => s.v))));
  const frame: Frame = compact
    ? { left: 0, right: width - (width < 500 ? 74 : 108), top: 0, bottom: height - 26, start, end, down: props.axis === "down" }
    : { left: 46, right: width - (width < 500 ? 86 : 108), top: 6, bottom: height - (events.length > 1 ? 58 : 34), start, end, down: props.axis === "down" };
  const scale = makeScale(frame, steps, [...thresholds, ...drafted]);
  const pointAt = (event: PointerEvent<SVGSVGElement>): void => {
    if (steps.length === 0) return;
    const left = event.currentTarget.getBoundingClientRect().left;
    const share = (event.clientX - left - frame.left) / (frame.right - frame.left);
    setHand(share < 0 || share > 1 ? null : nearest(steps, start + share * (end - start)));
  };
  const walk = (event: KeyboardEvent<SVGSVGElement>): void => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (move === undefined || steps.length === 0) return;
    event.preventDefault();
    setHand((now) => Math.min(steps.length - 1, Math.max(0, (now ?? steps.length - 1) + move)));
  };
  const last = steps.at(-1);
  const held = hand === null ? undefined : steps[hand];
  const summary = last
    ? t("curve.summary", { title: props.title, value: figure(last.v, digits), unit, at: `${monthDay(last.t)} ${clockTime(last.t)}`, gaps: gaps.length })
    : t("curve.none", { title: props.title });
  return (
    <div className={`curve${compact ? " curve-compact" : ""}`} ref={box}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={summary}
          tabIndex={0}
          onPointerMove={pointAt}
          onPointerLeave={() => setHand(null)}
          onBlur={() => setHand(null)}
          onKeyDown={walk}
        >
          <defs>
            <pattern id={hatch} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(28)">
              <path d="M0 0V7" stroke="var(--edge)" strokeWidth="1" />
            </pattern>
            <clipPath id={`${hatch}c`}>
              <rect x={frame.left} y={frame.top} width={Math.max(0, frame.right - frame.left)} height={frame.bottom - frame.top} />
            </clipPath>
          </defs>
          <Bands frame={frame} scale={scale} thresholds={thresholds} />
          {!compact && <ValueAxis frame={frame} scale={scale} thresholds={thresholds} />}
          <g clipPath={`url(#${hatch}c)`}>
            <Gaps frame={frame} scale={scale} gaps={gaps} steps={steps} under={moment === null ? 22 : 48} fill={`url(#${hatch})`} />
          </g>
          <Limits frame={frame} scale={scale} thresholds={thresholds} digits={digits} compact={compact} />
          <Drafted frame={frame} scale={scale} thresholds={drafted} digits={digits} />
          <AxisTime frame={frame} scale={scale} compact={compact} drop={!compact && events.length > 1 ? 24 : 0} />
          {!compact && <Crossings frame={frame} scale={scale} events={events} thresholds={thresholds} />}
          <g clipPath={`url(#${hatch}c)`}>
            {pieces(steps, gaps).map((piece) => (
              <g key={piece[0]?.t}>
                <path d={envelopePath(piece, scale.x, scale.y)} fill="var(--ink)" fillOpacity="0.16" />
                <path d={linePath(piece, scale.x, scale.y)} fill="none" stroke="var(--ink)" strokeWidth="2" strokeLinejoin="round" />
              </g>
            ))}
          </g>
          {moment && !compact && <MomentLine frame={frame} scale={scale} at={moment.at} label={moment.label} />}
          {last && <circle cx={scale.x(last.t)} cy={scale.y(last.v)} r="4.500" fill="var(--ink)" stroke="var(--surface)" strokeWidth="1.5" />}
          {props.surface && !compact && (
            <text x={width - 4} y={frame.top + 10} textAnchor="end" className="curve-note">
              {props.surface}
            </text>
          )}
          {steps.length === 0 && (
            <text x={(frame.left + frame.right) / 2} y={(frame.top + frame.bottom) / 2} textAnchor="middle">
              {t("curve.noneShown")}
            </text>
          )}
          {held && <Hand frame={frame} scale={scale} step={held} unit={unit} digits={digits} />}
        </svg>
      )}
    </div>
  );
}
