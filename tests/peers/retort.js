// Retort as a visitor has it: the engine of `dist/` in its worker, told by the page's own commands. A student without
// labels learns from its teacher alone, and the network beside it learns nothing: a step is one distillation step.
// The translator writes and reads messages as JSON; `cargo xtask bench` builds it.

import translator, { command, events } from "./translator.js";

const encoded = (message) => command(JSON.stringify(message));

const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Files in the format of MNIST (LeCun et al. 1998), which the engine reads.
const idx = (sizes, body) => {
  const header = sizes.flatMap((size) => [0, 0, size >> 8, size & 255]);
  return new Uint8Array([0, 0, 8, sizes.length, ...header, ...body]);
};

// An engine that works reports ten times a second; one that compiles shaders on a software adapter is silent for long.
const PATIENCE = 120_000;

// The engine in its worker, what it has said, and how to wait for it.
async function open(engine) {
  await translator();
  const module = await WebAssembly.compileStreaming(fetch(`/${engine}_bg.wasm`));
  const worker = new Worker("/engine.js", { type: "module" });
  const heard = { kinds: [], measured: [], tally: null, trouble: null, ended: false, at: performance.now() };
  let wake = () => {};
  worker.onmessage = ({ data }) => {
    heard.at = performance.now();
    // A parcel, which is for the workbench.
    if (Array.isArray(data)) return;
    for (const event of JSON.parse(events(data))) {
      const [kind] = typeof event === "string" ? [event] : Object.keys(event);
      heard.kinds.push(kind);
      if (kind === "Progress") heard.tally = { ...event.Progress, at: performance.now() };
      if (kind === "Verdict") heard.ended = true;
      if (kind === "Measured") heard.measured.push(event.Measured);
      if (kind === "Error") heard.trouble = JSON.stringify(event);
    }
    wake();
  };
  worker.onerror = ({ message }) => { heard.trouble = message; wake(); };
  const until = async (done) => {
    while (!done()) {
      if (heard.trouble) throw new Error(heard.trouble);
      if (performance.now() - heard.at > PATIENCE) {
        throw new Error(`Retort said nothing for ${PATIENCE / 1000} s; the last was ${heard.kinds.at(-1)}, ${JSON.stringify(heard.tally)}`);
      }
      await Promise.race([new Promise((resolve) => { wake = resolve; }), later(1000)]);
    }
  };
  const post = (message) => { heard.at = performance.now(); worker.postMessage(message); };
  const say = (message) => post(encoded(message));
  post({ glue: `./${engine}.js`, module });
  await until(() => heard.kinds.includes("Ready"));
  return { worker, heard, until, say, post };
}

// A whole experiment, as the page asks for it: every network measured, packed and judged.
export async function whole({ experiment, omitted }, { engine }) {
  const { worker, heard, until, say } = await open(engine);
  const start = performance.now();
  say({ Run: experiment });
  await until(() => heard.kinds.includes("Verdict"));
  const milliseconds = performance.now() - start;
  worker.terminate();
  const { accuracy, per_class_accuracy } = heard.measured.find(({ network }) => network === "student");
  return { milliseconds, accuracy, omitted: per_class_accuracy[omitted] };
}

export async function prepare({ pixels, labels, features, experiments }, { engine, cached }) {
  const side = Math.sqrt(features);
  const { worker, heard, until, say, post } = await open(engine);
  const count = labels.length;
  const files = [
    ["train-images", idx([count, side, side], pixels)], ["train-labels", idx([count], labels)],
    ["t10k-images", idx([100, side, side], pixels.subarray(0, 100 * features))], ["t10k-labels", idx([100], labels.subarray(0, 100))],
  ].map(([name, bytes]) => ({ name: `${name}-ubyte`, bytes: Array.from(bytes) }));
  say({ Files: { data: "mnist", files } });
  await until(() => heard.kinds.includes("FilesRead"));
  say({ Run: cached ? experiments.cached : experiments.asked });
  const thousand = Float32Array.from(pixels.subarray(0, 1000 * features), (pixel) => pixel / 255);
  // Written once: as JSON it takes longer than the page would.
  const question = encoded({ Classify: { id: 1, inputs: Array.from(new Uint8Array(thousand.buffer)) } });
  const learning = () => heard.tally?.phase === 1 && heard.tally.step > 0;
  const begin = async () => {
    [heard.tally, heard.ended] = [null, false];
    await until(learning);
    say("Pause");
    await later(200);
  };
  await begin();
  // Milliseconds a step, over about so many; none where the training ends before.
  const turn = async (milliseconds) => {
    say("Resume");
    const before = heard.tally;
    await until(() => heard.tally !== before || heard.ended);
    const first = heard.tally;
    await until(() => heard.tally.at - first.at >= milliseconds || heard.ended);
    const last = heard.tally;
    say("Pause");
    await later(150);
    return heard.ended ? null : (last.at - first.at) / (last.step - first.step);
  };
  return {
    rate: async (milliseconds) => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const found = await turn(milliseconds);
        if (found !== null) return found;
        // The machine is so fast that all epochs are done: from the beginning, and measured anew.
        say("Reset");
        await begin();
      }
      throw new Error(`all epochs of the experiment are done in less than ${milliseconds} ms`);
    },
    // The page always asks all three networks, the teacher among them; questions and answers go by message.
    infer: async () => {
      heard.kinds.length = 0;
      post(question);
      await until(() => heard.kinds.includes("Answers"));
    },
    // What WebGPU is asked for in a step, if counting.js counts: of several stretches the one in which no test set was asked.
    counts: async (steps) => {
      const stretches = [];
      for (let stretch = 0; stretch < 3; stretch++) {
        const [before, from] = [await counted(), heard.tally.step];
        say("Resume");
        await until(() => heard.tally.step >= from + steps);
        say("Pause");
        await later(500);
        const [after, to] = [await counted(), heard.tally.step];
        const rates = Object.entries(after).map(([name, sum]) => [name, (sum - (before[name] ?? 0)) / (to - from)]);
        stretches.push(Object.fromEntries(rates));
      }
      return stretches.sort((a, b) => a.dispatches - b.dispatches)[0];
    },
    dispose: () => worker.terminate(),
  };
}
