#!/usr/bin/env node
/** Checks the Node version before anything is loaded that an older one could not read. */
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`legwork needs Node 20.19 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
const { main } = await import("../dist/main.js");
await main(process.argv.slice(2));
