/** One idempotency key is one run of a project, whoever asks and however often. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { rehearse, setBench, setHost } from "../support/rehearsals.js";
import { repetitions } from "../support/repetitions.js";

const ROUNDS = repetitions(4, 20);

it("two processes that ask at once with one key get the same run", async () => {
  const bench = setBench();
  rehearse(bench, "play", [{ text: "done" }]);
  const hosts = await Promise.all([setHost(bench), setHost(bench)]);
  const made = new Set<string>();
  for (let round = 1; round <= ROUNDS; round++) {
    const ask = { prompt: "play", provider: "rehearsal", model: "play", idempotency_key: `round ${round}` };
    const answers = await Promise.all(hosts.map((host) => host.call("spawn_agent", { ...ask, wait_seconds: 20 })));
    const [one, other] = answers.map(({ structured }) => structured);
    expect(one).toMatchObject({ status: "success", result: "done" });
    expect(other?.run_id).toBe(one?.run_id);
    expect(answers.filter(({ structured }) => structured.existing)).toHaveLength(1);
    made.add(one?.run_id ?? "");
  }
  expect(made.size).toBe(ROUNDS);
  const { structured } = await (hosts[0] as (typeof hosts)[number]).call("list_runs", { limit: 100 });
  expect(structured.runs).toHaveLength(ROUNDS);
}, 60_000);

it("legwork refuses one of two processes that ask at once for different runs with one key", async () => {
  const bench = setBench();
  rehearse(bench, "play", [{ text: "done" }]);
  const hosts = await Promise.all([setHost(bench), setHost(bench)]);
  for (let round = 1; round <= 5; round++) {
    const ask = { provider: "rehearsal", model: "play", idempotency_key: `round ${round}` };
    const answers = await Promise.all(
      hosts.map((host, index) => host.call("spawn_agent", { ...ask, prompt: `play ${index}` })),
    );
    const refused = answers.filter(({ isError }) => isError);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.structured.error).toMatchObject({
      code: "idempotency_conflict",
      message: naming(answers.find(({ isError }) => !isError)?.structured.run_id ?? "no run was made"),
    });
  }
}, 60_000);

it("the same key in another project is another run", async () => {
  const bench = setBench();
  rehearse(bench, "play", [{ text: "done" }]);
  const elsewhere = join(bench.root, "elsewhere");
  mkdirSync(join(elsewhere, ".git"), { recursive: true });
  const ask = { prompt: "play", provider: "rehearsal", model: "play", idempotency_key: "once", wait_seconds: 20 };
  const here = await (await setHost(bench)).call("spawn_agent", ask);
  const there = await (await setHost(bench, { cwd: elsewhere })).call("spawn_agent", ask);
  expect([here.structured, there.structured]).toMatchObject([{ status: "success" }, { status: "success" }]);
  expect(there.structured.run_id).not.toBe(here.structured.run_id);
  expect(there.structured.existing).toBeUndefined();
});

it("a secret that is configured after the first use of a key makes no other request of the same words", async () => {
  const bench = setBench();
  rehearse(bench, "play", [{ text: "done" }]);
  const secret = "tangerine-4711-marmalade";
  const ask = { prompt: `use ${secret}`, title: " \n", provider: "rehearsal", model: "play", idempotency_key: "once" };
  const first = await (await setHost(bench)).call("spawn_agent", { ...ask, wait_seconds: 20 });
  expect(first.structured).toMatchObject({ status: "success", title: ask.prompt });
  const later = await setHost(bench, { env: { GEMINI_API_KEY: secret } });
  const again = await later.call("spawn_agent", ask);
  expect(again.structured).toMatchObject({ run_id: first.structured.run_id, existing: true });
  const other = await later.call("spawn_agent", { ...ask, prompt: "use another" });
  expect(other.structured.error).toMatchObject({ code: "idempotency_conflict" });
  const redacted = { ...ask, idempotency_key: "twice" };
  const { run_id } = (await later.call("spawn_agent", redacted)).structured;
  expect((await (await setHost(bench)).call("spawn_agent", redacted)).structured).toMatchObject({ run_id });
});
