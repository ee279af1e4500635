/** A clock that all processes of the machine share: on Linux, `process.hrtime` is the time since the system started. */

/** The milliseconds of this clock. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
