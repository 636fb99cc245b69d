/**
 * Pages under this address are shown in a frame of another platform, and nothing else is shown there. Pure.
 *
 * A server reads `/%65mbed/` as `/embed/`; read here as it is written, the whole face would stand in the frame.
 */
export function isFrame(pathname: string): boolean {
  return pathname.replace(/%([0-9a-f]{2})/gi, (_, byte: string) => String.fromCharCode(parseInt(byte, 16))).startsWith("/embed/");
}

export const isEmbedded = typeof window !== "undefined" && isFrame(window.location.pathname);

/** The key this frame asks by: in the memory of this document alone, gone with it. */
let key: string | null = null;

export function frameKey(): string | null {
  return key;
}

export function keepKey(next: string): void {
  key = next;
}
