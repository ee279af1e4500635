import { STORES } from "./implementations.js";
import { describeDatabaseObserver } from "./suites/database-observer.js";

for (const implementation of STORES) describeDatabaseObserver(implementation);
