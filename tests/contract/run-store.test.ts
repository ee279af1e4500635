import { STORES } from "./implementations.js";
import { describeRunStore } from "./suites/run-store.js";

for (const implementation of STORES) describeRunStore(implementation);
