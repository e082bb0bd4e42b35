import { readdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import preact from "@preact/preset-vite";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const site = resolve(import.meta.dirname, "../src/tiffin/app/site");

/** Writes a `.br` and a `.gz` beside every text file, so that the server compresses nothing while it serves. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    async closeBundle() {
      for (const entry of await readdir(site, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|mjs|css|html|svg|webmanifest)$/.test(entry.name)) continue;
        const path = resolve(entry.parentPath, entry.name);
        const text = await readFile(path);
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        await writeFile(`${path}.br`, brotliCompressSync(text, { params }));
        await writeFile(`${path}.gz`, gzipSync(text, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [preact({ reactAliasesEnabled: false }), precompressed()],
  worker: { format: "es" },
  build: {
    outDir: site,
    emptyOutDir: true,
    target: "es2022",
    // the CSP allows no data: scripts, and hashed files are cached for ever anyway
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // the map's library, which is loaded only where a map is shown
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: {
        customer: "customer/index.html",
        kitchen: "kitchen/index.html",
        courier: "courier/index.html",
        support: "support/index.html",
        admin: "admin/index.html",
      },
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
