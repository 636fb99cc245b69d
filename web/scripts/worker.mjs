// Writes dist/worker/sw.js: the service worker, with the list of what this build (and no older one) consists of.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { build } from "vite";

const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const all = new Set(Object.values(manifest).flatMap((chunk) => [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]));
// Where there is no line there is no map to draw, and its parts are half of everything.
const heavy = /\/(GlMap|maplibre)[-.]/;
const files = [...all].filter((file) => /\.(js|css)$/.test(file) && !heavy.test(file)).sort();
const fonts = [...all].filter((file) => /\.woff2?$/.test(file)).sort();
const page = createHash("sha256").update(readFileSync("dist/index.html")).digest("hex").slice(0, 16);
await build({
  configFile: false,
  logLevel: "warn",
  publicDir: false,
  define: {
    FILES: JSON.stringify([{ url: "/", revision: page }, ...files.map((file) => ({ url: `/${file}`, revision: null }))]),
    FONTS: JSON.stringify(fonts.map((file) => `/${file}`)),
    "process.env.NODE_ENV": '"production"',
  },
  build: {
    target: "es2022",
    outDir: "dist/worker",
    emptyOutDir: true,
    lib: { entry: "src/phone/serviceworker.ts", formats: ["iife"], name: "shoutu", fileName: () => "sw.js" },
  },
});
