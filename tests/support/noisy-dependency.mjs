/** Loaded before the server with --import: a dependency that prints wherever it likes, all the time. */
setInterval(() => {
  console.log("NOISE from console.log");
  console.info("NOISE from console.info");
  process.stdout.write("NOISE from process.stdout.write\n");
}, 5).unref();
