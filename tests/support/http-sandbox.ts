/** A sandbox for servers behind a URL: closes each server and each connection after the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { afterEach, expect } from "vitest";
import { REDACT_NOTHING } from "../../src/core/redact.js";
import { createReaper } from "../../src/downstream/process/reaper.js";
import { createTransport } from "../../src/downstream/transport/open-transport.js";
import type { ServerTransport } from "../../src/downstream/transport/server-transport.js";
import { type Answers, type HostileHttpServer, startHostileHttpServer } from "./hostile-http-server.js";
import { eventually } from "./in-time.js";
import { serverConfig } from "./transports.js";

const EVERYTHING = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);

const open: ServerTransport[] = [];
const servers: HostileHttpServer[] = [];
const children: ChildProcess[] = [];

/** Each test file calls this once. */
export function useHttpSandbox(): void {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((transport) => transport.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
}

export function options() {
  return { baseEnv: process.env, reaper: createReaper(process.env), redact: REDACT_NOTHING };
}

export interface TransportOptions {
  readonly kind?: "http" | "sse";
  readonly headers?: Readonly<Record<string, string>>;
}

export async function begun(url: string, { kind = "http", headers = {} }: TransportOptions) {
  const transport = await createTransport(serverConfig({ kind, url, headers }), options());
  open.push(transport);
  const client = new Client({ name: "test", version: "0.0.0" });
  return { client, transport, connecting: client.connect(transport) };
}

export async function connected(url: string, changes: TransportOptions = {}) {
  const { client, transport, connecting } = await begun(url, changes);
  await connecting;
  return { client, transport };
}

export async function refused(url: string, changes: TransportOptions = {}) {
  const { transport, connecting } = await begun(url, changes);
  return { transport, error: await failed(connecting) };
}

export async function failed(promise: Promise<unknown>): Promise<unknown> {
  const value = await promise.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  if ("error" in value) return value.error;
  throw new Error(`expected a failure, got ${JSON.stringify(value.result)}`);
}

export async function hostile(answers: Answers = {}): Promise<HostileHttpServer> {
  const server = await startHostileHttpServer(answers);
  servers.push(server);
  return server;
}

export async function everything(mode: "sse" | "streamableHttp") {
  const port = await freePort();
  const child = spawn(process.execPath, [EVERYTHING, mode], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  await eventually(() => expect(output).toMatch(/(listening|running) on port/));
  return { origin: `http://127.0.0.1:${port}`, child, output: () => output };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
