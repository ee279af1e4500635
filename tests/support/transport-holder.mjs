/** Opens the stdio servers that its first argument describes, says their pids, and does nothing until it is killed; or, as "close", closes them at SIGUSR2. */
import { once } from "node:events";
import { REDACT_NOTHING } from "../../dist/core/redact.js";
import { createReaper } from "../../dist/downstream/process/reaper.js";
import { createTransport } from "../../dist/downstream/transport/open-transport.js";

const configs = JSON.parse(process.argv[2]);
const options = { baseEnv: process.env, reaper: createReaper(process.env), redact: REDACT_NOTHING };
const transports = await Promise.all(configs.map((config) => createTransport(config, options)));
await Promise.all(transports.map((transport) => transport.start()));
const told = once(process, "SIGUSR2");
process.stdout.write(`${JSON.stringify(transports.map(({ pid }) => pid))}\n`);
if (process.argv[3] === "close") {
  await told;
  await Promise.all(transports.map((transport) => transport.close()));
  process.stdout.write("closed\n"); // and the process may end by itself
}
