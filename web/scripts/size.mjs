// Fails when what the first page must load exceeds the budget: JavaScript, gzipped.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budget = 450 * 1024;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const seen = new Set();
function walk(name) {
  if (seen.has(name)) return;
  seen.add(name);
  for (const next of manifest[name].imports ?? []) walk(next);
}
for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry) walk(name);
let total = 0;
for (const name of seen) {
  const { file } = manifest[name];
  if (file.endsWith(".js")) total += gzipSync(readFileSync(`dist/${file}`)).length;
}
const kb = (total / 1024).toFixed(1);
if (total > budget) {
  console.error(`first load: ${kb} KB of JavaScript gzipped, above the budget of ${budget / 1024} KB`);
  process.exit(1);
}
console.log(`first load: ${kb} KB of JavaScript gzipped (budget ${budget / 1024} KB)`);
