// After a build: takes away bundles no page can still be using, and packs the others for slow lines.
import { existsSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const week = 7 * 86_400_000;
const folder = "dist/assets";
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const current = new Set(Object.values(manifest).flatMap((chunk) => [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])].map((file) => file.slice("assets/".length))));
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  if (name.endsWith(".gz")) {
    if (!existsSync(path.slice(0, -3))) rmSync(path);
    continue;
  }
  // The live worker stands in no manifest: what this build wrote is young, whatever the manifest says.
  if (!current.has(name) && Date.now() - statSync(path).mtimeMs > week) {
    rmSync(path);
    rmSync(`${path}.gz`, { force: true });
  } else if (/\.(js|css|svg)$/.test(name) && !existsSync(`${path}.gz`)) {
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  }
}
// The folder's time tells a running web that there is something new.
utimesSync(folder, new Date(), new Date());
