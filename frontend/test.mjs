// Runs lib/*.test.ts with Node's own test runner on any Node >= 20: esbuild turns them into plain modules first.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = mkdtempSync(join(tmpdir(), "ropewalk-frontend-tests-"));
try {
  const entryPoints = readdirSync(join(here, "lib")).filter((name) => name.endsWith(".test.ts")).map((name) => join(here, "lib", name));
  await esbuild.build({ entryPoints, outdir: built, outExtension: { ".js": ".mjs" }, bundle: true, platform: "node", format: "esm", logLevel: "warning" });
  const files = readdirSync(built).map((name) => join(built, name));
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(built, { recursive: true, force: true });
}
