import { createJsonSchemas } from "../../src/json-schema/json-schema.js";
import { describeJsonSchemas, type JsonSchemasImplementation } from "./suites/json-schemas.js";

const JSON_SCHEMAS: readonly JsonSchemasImplementation[] = [{ name: "ajv", create: createJsonSchemas }];

for (const implementation of JSON_SCHEMAS) describeJsonSchemas(implementation);
