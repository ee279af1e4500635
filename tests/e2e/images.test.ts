/** Images in the answers of tools: the model gets them as images, within bounds, also after another process took over. */
import { expect, it } from "vitest";
import { answersIn, call, says, text } from "../support/agents.js";
import { hang, refusal, reply } from "../support/gemini-stand-in.js";
import { ASKING_SERVER, until } from "../support/host.js";
import { conversationIn, endOf } from "../support/resuming.js";
import { shareHome } from "../support/shared-home.js";

const config = `  asking:\n    command: ${process.execPath}\n    args: [${ASKING_SERVER}]\n`;
const home = shareHome({ config });
const two = shareHome({ config: `${config}limits: { max_images: 2, max_image_mb: 0.001 }` });

type Request = ReturnType<ReturnType<typeof home.play>["requests"]>[number] | undefined;

const shoot = (names: readonly string[], more: object = {}) => call("asking__screenshots", { names, ...more });
/** The images of a request in their order: type, and the name in their bytes. */
function imagesIn(request: Request): readonly string[] {
  const parts = (request?.body.contents ?? []).flatMap((content) => content.parts);
  return parts.flatMap(({ inlineData }) => {
    if (!inlineData) return [];
    const name = /[a-z]+\d+/.exec(Buffer.from(inlineData.data, "base64").toString("latin1", 3, 40))?.[0];
    return `${inlineData.mimeType} ${name}`;
  });
}

const png = (...names: readonly string[]) => names.map((name) => `image/png ${name}`);

it("each image stands behind the function responses of its turn, and its line of text stays", async () => {
  const { spawn, requests } = home.play([
    reply([shoot(["a1", "a2"]), call("asking__pid"), shoot(["a3"])]),
    says(shoot(["a4"])),
    says(text("done")),
  ]);
  expect((await spawn()).structured).toMatchObject({ status: "success" });
  expect(imagesIn(requests()[1])).toEqual(png("a1", "a2", "a3"));
  const last = requests()[1]
    ?.body.contents.at(-1)
    ?.parts.map((part) => Object.keys(part)[0]);
  const response = "functionResponse";
  expect(last).toEqual([response, response, response, "inlineData", "inlineData", "inlineData"]);
  expect(JSON.stringify(answersIn(requests()[1])[0]?.response)).toMatch(/image\/png.*read_result/);
  expect(imagesIn(requests()[2])).toEqual(png("a1", "a2", "a3", "a4"));
  expect(requests()[2]?.body.contents.slice(0, 3)).toEqual(requests()[1]?.body.contents);
});

it("the newest eight go with a request, and the others stay lines of text", async () => {
  const names = Array.from({ length: 7 }, (_, n) => `b${n}`);
  const { spawn, requests } = home.play([says(shoot(["old1", "old2"])), says(shoot(names)), says(text("done"))]);
  expect((await spawn()).structured).toMatchObject({ status: "success" });
  expect(imagesIn(requests()[1])).toEqual(png("old1", "old2"));
  expect(imagesIn(requests()[2])).toEqual(png("old2", ...names));
});

it("the bounds are the configuration's", async () => {
  const { spawn, requests } = two.play([
    says(shoot(["c1", "c2", "c3"])),
    says(shoot(["large2"], { bytes: 1_100 })),
    says(text("done")),
  ]);
  await spawn();
  expect(imagesIn(requests()[1])).toEqual(png("c2", "c3"));
  expect(imagesIn(requests()[2])).toEqual(png("c2", "c3"));
});

it("the bytes say the type, and what is no image of a known type stays a line of text", async () => {
  const { spawn, requests } = home.play([
    says(shoot(["d1"], { mimeType: "image/jpeg" })),
    says(shoot(["d2"], { mimeType: "image/jpeg", head: "ffd8ffe0" })),
    says(shoot(["d3"], { head: "474946383961" })),
    says(shoot(["d4"], { head: "00" })),
    says(shoot(["d5"], { mimeType: "image/svg+xml", head: "3c737667" })),
    says(text("done")),
  ]);
  expect((await spawn()).structured).toMatchObject({ status: "success" });
  expect(imagesIn(requests()[5])).toEqual(["image/png d1", "image/jpeg d2"]);
});

it("an image that the vendor refuses does not end the run: it goes on without, and with later ones", async () => {
  const { spawn, requests } = home.play([
    says(shoot(["e1"])),
    refusal(400, "Unable to process input image."),
    says(shoot(["e2"])),
    says(text("done")),
  ]);
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(requests().map(imagesIn)).toEqual([[], png("e1"), [], png("e2")]);
  const { events } = (await home.host.call("get_run", { run_id: structured.run_id, view: "events" })).structured;
  expect(events.find(({ type }) => type === "request_failed")).toMatchObject({
    code: "invalid_request",
    without_images: true,
  });
});

it("a run that another process takes up sends its images again", async () => {
  const one = await home.open();
  const { prompt, requests, arrived } = home.play([says(shoot(["f1"])), hang(), says(text("seen again"))]);
  const { run_id } = (await one.call("spawn_agent", { prompt })).structured;
  await arrived(2);
  process.kill(one.pid, "SIGKILL");
  await until(() => requests().length === 3);
  expect(await endOf(home.host, run_id)).toMatchObject({ status: "success", result: "seen again" });
  expect(requests()[2]?.body.contents).toEqual(requests()[1]?.body.contents);
  expect(imagesIn(requests()[2])).toEqual(png("f1"));
  expect(conversationIn(requests()[2]).at(1)).toBe("call asking__screenshots");
});
