import createClient, { type Middleware } from "openapi-fetch";
import { frameKey, isEmbedded } from "../embed/key";
import { tongue } from "../i18n";
import { patient } from "./patient";
import { readProblem } from "./problem";
import type { paths } from "./schema";
import { listen, stillHeader } from "./still";

if (typeof window !== "undefined") listen(window);

function cookie(name: string): string {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

const manners: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", tongue() === "en" ? "en" : "zh-hans");
    for (const [name, value] of Object.entries(stillHeader())) request.headers.set(name, value);
    const key = frameKey();
    if (key !== null) request.headers.set("Authorization", `Bearer ${key}`);
    if (request.method !== "GET") request.headers.set("X-CSRFToken", cookie("csrftoken"));
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: "",
  // Whoever is signed in to this browser is not who looks through a frame.
  credentials: isEmbedded ? "omit" : "same-origin",
  fetch: (request) => patient(request),
});
api.use(manners);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; anything else is thrown as a `Problem`. */
export async function got<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw readProblem(response.status, error);
  return data as T;
}
