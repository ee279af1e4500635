import { STORES } from "./implementations.js";
import { describeLeaseModel } from "./suites/lease-model.js";

for (const implementation of STORES) describeLeaseModel(implementation);
