import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

const PIECE = 1 << 20;

/** SHA-256 of the original, 64 hex digits. The browser's own is there only over HTTPS, and a county may have none inside. */
export async function sha256Of(blob: Blob): Promise<string> {
  const hash = sha256.create();
  for (let at = 0; at < blob.size; at += PIECE) hash.update(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()));
  return bytesToHex(hash.digest());
}
