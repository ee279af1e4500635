import { STORES } from "./implementations.js";
import { describeLeases } from "./suites/leases.js";

for (const implementation of STORES) describeLeases(implementation);
