// Starts an engine in a worker. The first message brings the compiled engine and the address of its glue; every later
// one is for the engine, which then sets its own handler.
self.addEventListener("message", async ({ data: { glue, module } }) => {
  try {
    const engine = await import(glue);
    await engine.default({ module_or_path: module });
  } catch (error) {
    // A rejected promise does not reach the page by itself.
    setTimeout(() => { throw error; });
  }
}, { once: true });

// For the workbench, which asks the GPU when it is told to measure.
self.packedDot = () => import("./packed-dot.js");
