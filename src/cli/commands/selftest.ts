/** `legwork selftest`: kills servers of its own and counts what that costs. */
import { ConfigError } from "../../core/errors.js";
import { defineCommand, jsonOption, wholeNumber } from "../command.js";
import { OK_EXIT, TROUBLE_EXIT } from "../render/command-end.js";
import type { CrashCampaign, Terminal } from "../services.js";

const MOST_KILLS = 100_000;
const MOST_SEED = 2 ** 31;

export const selftest = defineCommand({
  name: "selftest",
  summary: "Kill servers at work and count lost or repeated calls",
  description:
    "Starts legwork servers in a folder of its own, kills them while they work, and checks that no call was repeated and no work was lost.",
  examples: ["legwork selftest --crash 50", "legwork selftest --crash 50 --seed 7 --json"],
  arguments: {},
  options: {
    crash: wholeNumber("N", "How many servers to kill", MOST_KILLS),
    seed: wholeNumber("N", "Repeat the campaign of this seed", MOST_SEED),
    json: jsonOption,
  },
  async run({ crash, seed, json }, services: CrashCampaign & Terminal) {
    if (crash === null) throw new ConfigError("say how many servers to kill: legwork selftest --crash 50");
    const { ok, report, text } = await services.runCampaign({ kills: crash, seed }, services.tell);
    return { text: json ? `${JSON.stringify(report, null, 2)}\n` : text, exitCode: ok ? OK_EXIT : TROUBLE_EXIT };
  },
});
