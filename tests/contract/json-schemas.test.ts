import { builtJsonSchemas } from "../support/json-schemas.js";
import { describeJsonSchemas, type JsonSchemasImplementation } from "./suites/json-schemas.js";

const JSON_SCHEMAS: readonly JsonSchemasImplementation[] = [{ name: "ajv", create: builtJsonSchemas }];

for (const implementation of JSON_SCHEMAS) describeJsonSchemas(implementation);
