import { defineConfig } from "vitest/config";

// Pure logic only: pages are tested in a real browser (tests/browser).
export default defineConfig({ test: { include: ["src/**/*.test.ts"], environment: "node", css: true } });
