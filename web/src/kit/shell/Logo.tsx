import type { ReactNode } from "react";

/** The mark: the character for soil under a roof. */
export function Logo({ size }: { size: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
      <path d="M3.500 10.500 12 4l8.500 6.500M7 13.500h10M12 9.500v10M4 20h16" />
    </svg>
  );
}
