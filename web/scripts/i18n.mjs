// Fails on a key that is used but missing, kept but unused, absent in one language,
// on Chinese written outside the word files, and on words the house never says.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const problems = [];

/** The words of one file; of two that have one key the later would silently speak for both. */
function read(name) {
  const text = readFileSync(`src/i18n/${name}`, "utf8");
  const seen = new Set();
  for (const [, key] of text.matchAll(/^\s*"([^"]+)":/gm)) {
    if (seen.has(key)) problems.push(`${name}: ${key} stands twice`);
    seen.add(key);
  }
  return JSON.parse(text);
}

const zh = read("zh.json");
const en = read("en.json");

const files = readdirSync("src", { recursive: true })
  .map((name) => join("src", String(name)))
  .filter((name) => /\.tsx?$/.test(name) && !/\.d\.ts$|\.test\.ts$/.test(name));

const used = new Set();
const patterns = [];
for (const file of files) {
  const text = readFileSync(file, "utf8");
  for (const [, key] of text.matchAll(/(?<![\w.])t\(\s*"([^"]+)"/g)) used.add(`${key}\u0000${file}`);
  for (const [, key] of text.matchAll(/words?:\s*"([^"]+)"/g)) used.add(`${key}\u0000${file}`);
  for (const [, template] of text.matchAll(/(?<![\w.])t\(\s*`([^`]+)`/g)) {
    const source = template.replace(/[.*+?^()|[\]\\]/g, "\\$&").replace(/\$\{[^}]+\}/g, "[\\w.-]+");
    patterns.push({ regex: new RegExp(`^${source}$`), file, template });
  }
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  const stray = code.match(/[\u4e00-\u9fff]+/);
  if (stray) problems.push(`${file}: Chinese outside src/i18n: ${stray[0]}`);
}

const keys = new Set([...used].map((entry) => entry.split("\u0000")[0]));
for (const entry of used) {
  const [key, file] = entry.split("\u0000");
  if (!(key in zh)) problems.push(`${file}: no words for ${key}`);
}
for (const { regex, file, template } of patterns) {
  if (!Object.keys(zh).some((key) => regex.test(key))) problems.push(`${file}: no words for ${template}`);
}
for (const key of Object.keys(zh)) {
  if (!keys.has(key) && !patterns.some(({ regex }) => regex.test(key))) problems.push(`zh.json: ${key} is never used`);
  if (!(key in en)) problems.push(`en.json: ${key} is missing`);
  const said = zh[key].match(/确定|提交|操作|详情|请|您|成功|温馨提示/);
  if (said) problems.push(`zh.json: ${key} says ${said[0]}`);
  const holes = (text) => JSON.stringify([...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort());
  if (key in en && holes(zh[key]) !== holes(en[key])) problems.push(`${key}: zh and en have different holes`);
}
for (const key of Object.keys(en)) if (!(key in zh)) problems.push(`zh.json: ${key} is missing`);

if (problems.length) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`i18n: ${Object.keys(zh).length} keys, zh and en complete`);
