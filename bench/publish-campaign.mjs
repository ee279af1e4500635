/**
 * Publishes a crash campaign: `node bin/legwork.js selftest --crash 2000 --json > REPORT`, then
 * `node bench/publish-campaign.mjs REPORT`. Writes the figures into the documents that show them. Needs `npm run build`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { campaignSentence, reportText } from "../dist/selftest/audit/campaign-report.js";

const [, , reportFile] = process.argv;
if (reportFile === undefined) {
  process.stderr.write("name the file of the report: node bench/publish-campaign.mjs REPORT\n");
  process.exit(2);
}
const report = JSON.parse(readFileSync(reportFile, "utf8"));
if (!report.ok) {
  process.stderr.write("the campaign has findings: fix them, and publish the next campaign\n");
  process.exit(1);
}

writeFileSync(inRepository("docs/figures/crash-campaign.json"), `${JSON.stringify(report, null, 2)}\n`);
replaceIn("docs/durability.md", /(?<=selftest --crash -->\n```text\n)[^`]*/, reportText(report));
replaceIn("README.md", /[\d,]+ deaths of its processes, .*? stuck runs/, campaignSentence(report));

function replaceIn(file, pattern, text) {
  const before = readFileSync(inRepository(file), "utf8");
  if (!pattern.test(before)) throw new Error(`${file} has no place for the figures of the campaign`);
  writeFileSync(
    inRepository(file),
    before.replace(pattern, () => text),
  );
}

function inRepository(file) {
  return fileURLToPath(new URL(`../${file}`, import.meta.url));
}
