#!/usr/bin/env node
/** Checks the Node version before anything is loaded that an older one could not read. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const firstMinors = { 20: 19, 22: 14 }; // older minors of 22 crash in SQLite
if (major < 24 && !(minor >= firstMinors[major])) {
  process.stderr.write(
    `legwork needs Node 20.19 or a newer 20, 22.14 or a newer 22, or 24 and newer; this is ${process.versions.node}\n`,
  );
  process.exit(2);
}
const built = new URL("../dist/bundle/main.js", import.meta.url);
if (!existsSync(built)) {
  process.stderr.write(
    `legwork is not built: run "npm ci && npm run build" in ${fileURLToPath(new URL("..", import.meta.url))}\n`,
  );
  process.exit(2);
}
const { main } = await import(built.href);
await main(process.argv.slice(2));
