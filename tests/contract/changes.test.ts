import { STORES } from "./implementations.js";
import { describeChanges } from "./suites/changes.js";

for (const implementation of STORES) describeChanges(implementation);
