/** The documents show the figures of one campaign, whose report lies beside them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { type CampaignReport, campaignSentence, reportText } from "../../../src/selftest/audit/campaign-report.js";
import { blocksIn } from "../../support/document.js";

const read = (file: string) => readFileSync(resolve(import.meta.dirname, "../../..", file), "utf8");
const REPORT: CampaignReport = JSON.parse(read("docs/figures/crash-campaign.json"));

const LEAST_KILLS = 2000;

it("the published campaign was long enough, and nothing was repeated, lost or stuck", () => {
  expect(REPORT.kills).toBeGreaterThanOrEqual(LEAST_KILLS);
  expect(REPORT).toMatchObject({ ok: true, repeated_effects: 0, lost_work: 0, stuck_runs: 0, findings: [] });
});

it("docs/durability.md shows the report as the command printed it", () => {
  const texts = blocksIn(read("docs/durability.md")).map(({ text }) => text);
  expect(texts).toContain(reportText(REPORT));
});

it("the README gives the figures in one sentence", () => {
  expect(read("README.md")).toContain(campaignSentence(REPORT));
});
