/** Messages of a host that are larger than legwork takes: answered, skipped in bounded memory, and read in linear time. */
import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { createWorkbench, INITIALIZE, spawnRaw, until } from "../support/host.js";

const MIB = 1024 * 1024;

/** A host that is past its initialize, on a server of its own. */
async function openPeer(config = "") {
  const bench = createWorkbench();
  if (config !== "") bench.configure(config);
  const peer = spawnRaw(bench);
  onTestFinished(async () => {
    peer.child.kill("SIGKILL");
    await peer.exited;
    bench.remove();
  });
  peer.send(INITIALIZE);
  await until(() => peer.stdout().includes('"id":0'));
  const frames = () =>
    peer
      .stdout()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { id: unknown; error?: { code: number; message: string } });
  const write = (text: string) => new Promise<void>((done) => peer.child.stdin.write(text, () => done()));
  const answerTo = (id: unknown) => until(() => frames().find((frame) => frame.id === id));
  const ping = async (id: string) => {
    peer.send({ jsonrpc: "2.0", id, method: "ping" });
    await answerTo(id);
  };
  const proc = (name: string) => readFileSync(`/proc/${peer.child.pid}/${name}`, "utf8");
  return { ...peer, frames, write, answerTo, ping, proc };
}

const padding = "x".repeat(MIB);
const ERROR = { code: -32600, message: expect.stringContaining("max_message_mb") };

it.each([
  ["first", `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"p":"`, `"}}`, 7],
  ["first, as a text", `{ "id" : "a\\"b" , "method":"tools/call","params":{"id":3,"p":"`, `"}}`, 'a"b'],
  ["last", `{"method":"tools/call","params":{"id":3,"p":"`, `"},"jsonrpc":"2.0","id":8}`, 8],
  ["among the last", `{"params":{"id":3,"p":"`, `"},"method":"tools/call","id":9,"jsonrpc":"2.0"}`, 9],
  [
    "only inside, among the last",
    `{"method":"tools/call","params":{"p":"`,
    `","id":9,"x":"2.0"},"jsonrpc":"2.0"}`,
    null,
  ],
  ["only inside", `{"method":"tools/call","params":{"id":3,"p":"`, `","x":{"id":9}}}`, null],
  ["nowhere, in no JSON", `hello `, ` bye`, null],
])(
  "a message beyond the limit whose id stands %s is answered with an error, and the next one is read",
  async (_where, head, tail, id) => {
    const peer = await openPeer("limits: { max_message_mb: 1 }");
    await peer.write(`${head}${padding}${tail}\n`);
    await peer.ping("after");
    expect(peer.frames().find((frame) => frame.error)).toEqual({ jsonrpc: "2.0", id, error: ERROR });
  },
);

it("an endless line is skipped in bounded memory, with 64 MiB as the limit where nothing is configured", async () => {
  const peer = await openPeer();
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(peer.proc("status"))?.[1]) / 1024;
  await peer.ping("before");
  await peer.write('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"p":"');
  for (let written = 0; written < 66; written++) await peer.write(padding);
  await until(() => resident() > 0);
  const atLimit = resident();
  for (let written = 0; written < 200; written++) await peer.write(padding);
  expect(resident()).toBeLessThan(atLimit + 64);
  await peer.write('"}}\n');
  await peer.ping("after");
  expect(await peer.answerTo(5)).toMatchObject({ error: ERROR });
});

it("a message of 20 MiB is read in time linear in its size", async () => {
  const peer = await openPeer();
  const cpuSeconds = () =>
    Number(
      peer
        .proc("stat")
        .split(" ")
        .slice(13, 15)
        .map(Number)
        .reduce((a, b) => a + b),
    ) / 100;
  const before = cpuSeconds();
  const message = {
    jsonrpc: "2.0",
    id: 6,
    method: "tools/call",
    params: { name: "list_runs", arguments: { agent: padding.repeat(20) } },
  };
  await peer.write(`${JSON.stringify(message)}\n`);
  await peer.answerTo(6);
  expect(cpuSeconds() - before).toBeLessThan(6);
});
