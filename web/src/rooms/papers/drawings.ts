import type { Paper } from "./queries";

/** Drawings by how they can be looked at: as a picture on the page, or saved. The one changed last comes first. */
export function drawingsOf(papers: readonly Paper[]): { shown: Paper[]; saved: Paper[] } {
  const newest = (paper: Paper): number => Date.parse(paper.versions[0]?.at ?? "") || 0;
  const drawings = papers.filter((paper) => paper.kind === "drawing" && paper.versions.length > 0).sort((a, b) => newest(b) - newest(a));
  // What names persons is shown only to who asks for it: every look at it is kept on record.
  const shown = drawings.filter((paper) => !paper.personal && paper.versions[0]?.format !== "pdf");
  return { shown, saved: drawings.filter((paper) => !shown.includes(paper)) };
}
