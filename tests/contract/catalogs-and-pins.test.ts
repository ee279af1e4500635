import { STORES } from "./implementations.js";
import { describeCatalogsAndPins } from "./suites/catalogs-and-pins.js";

for (const implementation of STORES) describeCatalogsAndPins(implementation);
