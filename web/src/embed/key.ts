/** Pages under this address are shown in a frame of another platform, and nothing else is shown there. */
export const isEmbedded = typeof window !== "undefined" && window.location.pathname.startsWith("/embed/");

/** The key this frame asks by: in the memory of this document alone, gone with it. */
let key: string | null = null;

export function frameKey(): string | null {
  return key;
}

export function keepKey(next: string): void {
  key = next;
}
