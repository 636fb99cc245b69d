// The guides of docs/guides as modules: their Markdown becomes HTML while the face is built, and their pictures files of
// the build. Written by ourselves and rendered without raw HTML, so that the page may show it as it is.
import { dirname, resolve } from "node:path";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false });

/** A link to another role's guide leads to that page of the face; to what the face has not, it is only its words. */
function settle(tokens) {
  const kept = [];
  for (const token of tokens) {
    if (token.type === "link_open") {
      const role = /^([a-z_]+)\.md$/.exec(token.attrGet("href") ?? "");
      token.hidden = role === null;
      if (role !== null) token.attrSet("href", `/help?role=${role[1]}`);
      kept.push(token.hidden);
    } else if (token.type === "link_close") token.hidden = kept.pop() ?? false;
  }
  return tokens.filter((token) => !((token.type === "link_open" || token.type === "link_close") && token.hidden));
}

export function guide(text, id) {
  const tokens = markdown.parse(text, {});
  const pictures = [];
  let title = "";
  tokens.forEach((token, at) => {
    if (token.type === "heading_open" && token.tag === "h1") title = tokens[at + 1].content;
    if (token.type !== "inline") return;
    token.children = settle(token.children ?? []);
    for (const child of token.children) {
      if (child.type !== "image") continue;
      child.attrSet("loading", "lazy");
      pictures.push(resolve(dirname(id), child.attrGet("src")));
      child.attrSet("src", `\u0001${pictures.length - 1}\u0001`);
    }
  });
  const body = tokens.slice(title === "" ? 0 : tokens.findIndex((token) => token.type === "heading_close") + 1);
  const parts = markdown.renderer.render(body, markdown.options, {}).split("\u0001");
  const html = parts.map((part, at) => (at % 2 === 1 ? `p${part}` : JSON.stringify(part))).join(" + ");
  const imports = pictures.map((path, at) => `import p${at} from ${JSON.stringify(path)};`).join("\n");
  return `${imports}\nexport default { title: ${JSON.stringify(title)}, html: ${html} };`;
}

export const guides = () => ({
  name: "guides",
  enforce: "pre",
  transform(text, id) {
    return id.endsWith(".md") ? { code: guide(text, id), map: null } : null;
  },
});
