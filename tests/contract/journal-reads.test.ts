import { STORES } from "./implementations.js";
import { describeJournalReads } from "./suites/journal-reads.js";

for (const implementation of STORES) describeJournalReads(implementation);
