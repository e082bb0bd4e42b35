/** The SDK on a page of its own, for `tests/browser`, which names the folder it is built into. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/live-test/",
  worker: { format: "es" },
  build: { target: "es2022", modulePreload: { polyfill: false } },
});
