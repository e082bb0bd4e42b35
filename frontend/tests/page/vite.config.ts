/** Parts of the apps on pages of their own, for `tests/browser`, which names the folder they are built into. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/live-test/",
  worker: { format: "es" },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: ["index.html", "ride.html"].map((name) => `${import.meta.dirname}/${name}`) },
  },
});
