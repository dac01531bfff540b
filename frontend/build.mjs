// Builds frontend/dist: hashed scripts and styles, fonts, an icon sprite with only the icons used, and manifest.json,
// which the template tags read. Nothing in the result asks another host for anything.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const staging = join(here, "dist.new");
const target = join(here, "dist");
rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });

const manifest = {};
const result = await esbuild.build({
  absWorkingDir: here,
  entryPoints: { app: "islands/app.ts", theme: "islands/theme.ts", styles: "styles/app.css", math: "styles/math.css", "pdf-worker": "islands/pdf-worker.ts" },
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[name]-[hash]",
  assetNames: "asset-[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16"],
  minify: true,
  sourcemap: false,
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
  outdir: staging,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
});
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (!output.entryPoint || output.entryPoint.startsWith("node_modules")) continue;
  const name = basename(output.entryPoint).replace(/\.ts$/, ".js");
  manifest[name] = basename(path);
}

const names = JSON.parse(readFileSync(join(here, "lib/icons.json"), "utf8"));
const symbols = Object.entries(names).map(([name, source]) => {
  const svg = readFileSync(join(here, `node_modules/@tabler/icons/icons/outline/${source}.svg`), "utf8");
  const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s+/g, " ").trim()}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
const hash = createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase();
writeFileSync(join(staging, `icons-${hash}.svg`), sprite);
manifest["icons.svg"] = `icons-${hash}.svg`;
writeFileSync(join(staging, "manifest.json"), JSON.stringify(manifest, null, 1));

// A running instance still serves the build that it started with: files of the last week stay (their names are hashed).
const weekAgo = Date.now() - 7 * 86_400_000;
for (const name of existsSync(target) ? readdirSync(target) : []) {
  const old = join(target, name);
  if (!existsSync(join(staging, name)) && name !== ".built" && statSync(old).mtimeMs > weekAgo) {
    cpSync(old, join(staging, name), { preserveTimestamps: true });
  }
}
rmSync(target, { recursive: true, force: true });
renameSync(staging, target);
const sizes = readdirSync(target).filter((name) => name.endsWith(".js"));
console.log(`built ${Object.keys(manifest).length} entries, ${sizes.length} scripts`);
