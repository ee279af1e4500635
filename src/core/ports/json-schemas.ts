/** Checks of values against JSON Schemas. No check takes long in this process, whatever the schema and the value are. */

export interface JsonSchemas {
  /** Why the schema is invalid or cannot be used, in one line, or null. */
  faultOf(schema: object | boolean): Promise<string | null>;
  /** Why the value does not satisfy the schema, in one line, or null. Under an invalid schema every value has a fault. */
  check(schema: object | boolean, value: unknown): Promise<string | null>;
  /**
   * Why a tool with this schema must not be called with these arguments, in one line, or null. Under an invalid schema all
   * arguments pass, and the server of the tool checks them; where a check cannot be finished none pass.
   */
  checkArguments(schema: object, value: unknown): Promise<string | null>;
  /** Why no value is judged under this schema any more; null as long as each judgement under it was finished. */
  givenUp(schema: object): string | null;
}
