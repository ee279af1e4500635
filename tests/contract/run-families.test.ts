import { STORES } from "./implementations.js";
import { describeRunFamilies } from "./suites/run-families.js";

for (const implementation of STORES) describeRunFamilies(implementation);
