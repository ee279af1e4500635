/** Gives the runs of one project to another: its folder was moved. */
import { and, eq, inArray } from "drizzle-orm";
import { connect } from "../connection/connection.js";
import { runs, sessions } from "../connection/tables.js";

export interface AdoptRequest {
  readonly from: string;
  readonly to: string;
}

export type Adopted =
  | { readonly kind: "adopted"; readonly runs: number }
  /** Nothing was written: a process works on this run. */
  | { readonly kind: "at_work"; readonly runId: string };

/** All of them or none, in one transaction. Throws StoreError. */
export function adoptRuns(file: string, { from, to }: AdoptRequest): Adopted {
  const { db, verb, atomically, refuseOutdated, close } = connect(file);
  const ofOld = eq(runs.project, from);

  function adopt(): Adopted {
    refuseOutdated();
    const isAtWork = and(ofOld, inArray(runs.status, ["pending", "running"]));
    const atWork = db.select({ id: runs.id }).from(runs).where(isAtWork).limit(1).get();
    if (atWork) return { kind: "at_work", runId: atWork.id };
    // A key starts one run in a project: one that both have stays with the run that has been there.
    const keysThere = db.select({ key: runs.idempotencyKey }).from(runs).where(eq(runs.project, to));
    const isTaken = and(ofOld, inArray(runs.idempotencyKey, keysThere));
    db.update(runs).set({ idempotencyKey: null, requestHash: null }).where(isTaken).run();
    const { changes } = db.update(runs).set({ project: to }).where(ofOld).run();
    db.update(sessions).set({ project: to }).where(eq(sessions.project, from)).run();
    return { kind: "adopted", runs: changes };
  }

  try {
    return verb(() => atomically(adopt))();
  } finally {
    close();
  }
}
