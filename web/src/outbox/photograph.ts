/** What is known of a photograph from the moment it is chosen; its bytes are the original's. */
export interface Photograph {
  /** One per writer, warning and content: the same picture chosen twice lies here once. */
  key: string;
  user: number;
  warning: number;
  /** How the warning is called, for whoever looks at the list from another page. */
  about: string;
  /** When that warning was opened, as the county told: after a restore its number may be another's. */
  opened?: string;
  name: string;
  origin: "camera" | "gallery";
  size: number;
  sha256: string;
  /** When it was taken up, ms of the server's clock. */
  seen: number;
  place: Place | null;
  /** The county's refusal: kept, for sending it again is for its person to say, also after the page is opened anew. */
  refused?: { status: number; detail: string; code: string | null };
  blob: Blob;
}

/** Where the device stood: WGS 84, degrees; metres. */
export interface Place {
  longitude: number;
  latitude: number;
  accuracy_m: number;
}

export function keyOf(user: number, warning: number, sha256: string): string {
  return `${user}:${warning}:${sha256}`;
}
