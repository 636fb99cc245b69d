import { Segmented } from "antd";
import { t } from "i18next";
import { useState, type ReactNode } from "react";
import { useReadings } from "../../api/queries";
import { storyHours } from "./series";

const ranges = [1, 24, 168, 720] as const;
export type Range = (typeof ranges)[number];

/** A day, unless told otherwise, or unless all there is to see happened within the last hour. */
export function useRange(point: number | null, until: string | null, every: number): [Range, (next: Range) => void, ReturnType<typeof useReadings>] {
  const [told, setTold] = useState<Range | null>(null);
  const day = useReadings(told === null ? point : null, 24, until, every);
  const short = told === null && day.data !== undefined && storyHours(day.data.items, day.data.end) === 1;
  const hours = told ?? (short ? 1 : 24);
  const shown = useReadings(told === null && !short ? null : point, hours, until, every);
  return [hours, setTold, told === null && !short ? day : shown];
}

export function RangePicker({ value, set }: { value: Range; set: (next: Range) => void }): ReactNode {
  return <Segmented<Range> value={value} onChange={set} aria-label={t("curve.range")} options={ranges.map((hours) => ({ value: hours, label: t(`curve.range.${hours}`) }))} />;
}
