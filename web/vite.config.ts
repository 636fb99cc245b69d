import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { guides } from "./scripts/guides.mjs";

/** Where `npm run dev` finds the county; a setting of the developer's machine only. */
const county = process.env.SHOUTU_WEB ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), guides()],
  // The guides lie beside the face, in docs/.
  server: { fs: { allow: [".."] }, proxy: { "/api": county, "/live": county } },
  build: {
    target: "es2022",
    // Pages that are open still ask for the bundles they were built with; scripts/dist.mjs takes away what is old.
    emptyOutDir: false,
    // Fonts stay files (never data: URLs), so that only the subsets a page needs are fetched.
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: "es" },
});
