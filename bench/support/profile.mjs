/** With BENCH_PROFILE=FOLDER, Node writes a processor profile of legwork and of the bare loop into that folder. */
const FOLDER = process.env.BENCH_PROFILE;

/** Arguments for Node, before the file that it runs. */
export const profileArguments = FOLDER ? ["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${FOLDER}`] : [];
