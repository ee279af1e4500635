import { STORES } from "./implementations.js";
import { describePaces } from "./suites/paces.js";

for (const implementation of STORES) describePaces(implementation);
