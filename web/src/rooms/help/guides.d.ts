/** A guide, made of its Markdown while the face is built (scripts/guides.mjs). */
declare module "*.md" {
  const guide: { title: string; html: string };
  export default guide;
}
