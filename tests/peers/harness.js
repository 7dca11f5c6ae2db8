// Everyone in turns: each contender trains the same student by the same step on the same examples, a little at a time.
// The machine's peak is measured between them.

import { generator } from "./random.js";

const CONTENDERS = {
  retort: { module: "./retort.js", options: { engine: "engine-cpu" } },
  "retort-webgpu": { module: "./retort.js", options: { engine: "engine-gpu" } },
  "tensorflow-cpu": { module: "./tensorflow.js", options: { backend: "cpu" } },
  "tensorflow-wasm": { module: "./tensorflow.js", options: { backend: "wasm" } },
  "tensorflow-webgpu": { module: "./tensorflow.js", options: { backend: "webgpu" } },
  "jax-wasm": { module: "./jax.js", options: { backend: "wasm" } },
  "jax-webgpu": { module: "./jax.js", options: { backend: "webgpu" } },
};

const CLASSES = 10;

// Images like MNIST's (LeCun et al. 1998), a digit of 20 × 20 pixels amid 28 × 28: the handwritten digits of 8 × 8, drawn
// larger by bilinear interpolation. Two thirds of the pixels are empty, of MNIST's four fifths.
async function images(count, features) {
  const [side, size, from] = [Math.sqrt(features), 20, 8];
  const { train, test } = await digits();
  const draw = generator(1);
  const drawn = [...train, ...test].map((digit) => [draw(), digit]).sort(([a], [b]) => a - b).map(([, digit]) => digit);
  const near = Array.from({ length: size }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * from) / size - 0.5);
    return [Math.floor(at), Math.min(from - 1, Math.floor(at) + 1), at % 1];
  });
  const pixels = new Uint8Array(count * features);
  const labels = new Uint8Array(count);
  const corner = (side - size) / 2;
  for (let i = 0; i < count; i++) {
    const { x, label } = drawn[i % drawn.length];
    labels[i] = label;
    near.forEach(([above, below, down], row) => near.forEach(([left, right, along], column) => {
      const line = (y) => x[y * from + left] * (1 - along) + x[y * from + right] * along;
      const value = line(above) * (1 - down) + line(below) * down;
      pixels[i * features + (row + corner) * side + column + corner] = Math.floor(255 * value);
    }));
  }
  return { pixels, labels };
}

// A network's first weights, by He et al. 2015; layers of `conv` have 5 × 5 windows and halve the image.
function network({ kind, widths }, features, seed) {
  const draw = generator(seed);
  const layers = [];
  let [side, inputs] = kind === "conv" ? [Math.sqrt(features), 1] : [0, features];
  for (const [index, outputs] of [...widths, CLASSES].entries()) {
    const pools = kind === "conv" && index < widths.length;
    const shape = pools ? [5, 5, inputs, outputs] : [inputs, outputs];
    const size = shape.reduce((a, b) => a * b);
    const bound = Math.sqrt(6 / (size / outputs));
    layers.push({ shape, pools, bias: new Float32Array(outputs), weight: Float32Array.from({ length: size }, () => (2 * draw() - 1) * bound) });
    if (pools) side >>= 1;
    inputs = pools && index === widths.length - 1 ? side * side * outputs : outputs;
  }
  return layers;
}

// What a library that only knows single steps does for a while.
async function rate(contender, milliseconds) {
  if (contender.rate) return contender.rate(milliseconds);
  let count = 1;
  const start = performance.now();
  await contender.steps(1);
  let [done, spent] = [1, performance.now() - start];
  while (spent < milliseconds) {
    count = Math.max(1, Math.min(count * 4, Math.floor((milliseconds - spent) / (spent / done))));
    await contender.steps(count);
    done += count;
    spent = performance.now() - start;
  }
  return spent / done;
}

// Arithmetic in billions of operations a second, over a good tenth of a second as the rates are.
async function peak() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch("./peak.wasm"));
  const { run, flops } = instance.exports;
  const calls = 100;
  const timed = () => {
    const start = performance.now();
    for (let call = 0; call < calls; call++) run(200_000);
    return performance.now() - start;
  };
  // Browsers compile anew what is called often, and only between calls.
  timed();
  return (calls * 200_000 * flops()) / timed() / 1e6;
}

// What a step asks of WebGPU, if counting.js counts.
async function counts(contender, steps) {
  if (contender.counts) return contender.counts(steps);
  const before = await counted();
  await contender.steps(steps);
  const after = await counted();
  return Object.fromEntries(Object.entries(after).map(([name, sum]) => [name, (sum - (before[name] ?? 0)) / steps]));
}

// Of a workload: for each contender milliseconds a step of every repeat, cached and asked anew, or why it has none.
self.measure = async ({ workload, contenders, repeats, milliseconds, cached, infer, counting }) => {
  const { features, batch, count, teacher, student, experiments } = workload;
  const { pixels, labels } = await images(count, features);
  const values = Float32Array.from(pixels, (pixel) => pixel / 255);
  const batches = Array.from({ length: Math.floor(count / batch) }, (_, i) => values.slice(i * batch * features, (i + 1) * batch * features));
  const given = { features, pixels, labels, batches, experiments, teacher: network(teacher, features, 2), student: network(student, features, 3) };
  const found = Object.fromEntries(contenders.map((name) => [name, { rates: [], inference: [] }]));
  found.peak = { rates: [] };
  const ready = [];
  for (const name of contenders) {
    const { module, options } = CONTENDERS[name];
    try {
      const contender = await (await import(module)).prepare(given, { ...options, folder: "./node_modules", cached });
      await rate(contender, milliseconds);
      ready.push([name, contender]);
      if (counting) found[name].counts = await counts(contender, counting);
    } catch (error) {
      found[name].error = String(error);
    }
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    found.peak.rates.push(await peak());
    for (const [name, contender] of ready) {
      if (found[name].error) continue;
      try {
        found[name].rates.push(await rate(contender, milliseconds));
        // Whoever takes seconds for a step would take minutes for a thousand examples.
        if (!infer || found[name].rates.at(-1) > 1000) continue;
        await contender.infer();
        const start = performance.now();
        await contender.infer();
        found[name].inference.push(performance.now() - start);
      } catch (error) {
        found[name].error = String(error);
      }
    }
  }
  ready.forEach(([, contender]) => contender.dispose());
  return found;
};

// The digits of 8 × 8 pixels, the last 50 of each class to be tested on.
async function digits() {
  const { body } = await fetch("./digits.gz");
  const bytes = new Uint8Array(await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  const all = Array.from({ length: bytes.length / 65 }, (_, i) => bytes.subarray(i * 65, (i + 1) * 65));
  const left = Array.from({ length: CLASSES }, (_, label) => all.filter((digit) => digit[64] === label).length);
  const parts = { train: [], test: [] };
  all.forEach((digit) => parts[left[digit[64]]-- > 50 ? "train" : "test"].push({ x: Float32Array.from(digit.subarray(0, 64), (pixel) => pixel / 16), label: digit[64] }));
  return parts;
}

const joined = (rows) => {
  const numbers = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => numbers.set(row, i * row.length));
  return numbers;
};

const softmax = (logits, temperature) => {
  const most = Math.max(...logits);
  const powers = Float32Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};

// Lets the browser do what else it has to, without the delay of a timer.
const breath = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = resolve;
  port2.postMessage(null);
});

// What Retort does for the same experiment: a teacher, the student with it, the same student alone.
async function taughtAndDistilled(learner, { train, test }, { teacher, student, epochs, batch, rate, temperature, omitted }) {
  const perEpoch = Math.ceil(train.length / batch);
  const draw = generator(4);
  const learn = async (plan, seed, temperature, rows, targets, epochs) => {
    const learning = await learner(network(plan, 64, seed), temperature);
    let order = [];
    for (let step = 0; step < epochs * perEpoch; step++) {
      const places = Array.from({ length: batch }, () => {
        if (!order.length) order = rows.map((row) => [draw(), row]).sort(([a], [b]) => a - b).map(([, row]) => row);
        return order.pop();
      });
      const cosine = (1 + Math.cos((Math.PI * step) / (epochs * perEpoch))) / 2;
      if (step % perEpoch === 0) await breath();
      await learning.step(joined(places.map((row) => train[row].x)), joined(places.map((row) => targets[row])), rate * cosine);
    }
    return learning;
  };
  const inputs = joined(train.map(({ x }) => x));
  const labels = train.map(({ label }) => Float32Array.from({ length: CLASSES }, (_, i) => Number(i === label)));
  const all = train.map((_, row) => row);
  const taught = await learn(teacher, 2, 1, all, labels, epochs.teacher);
  const answers = await taught.logits(inputs);
  const soft = all.map((row) => softmax(answers.subarray(row * CLASSES, (row + 1) * CLASSES), temperature));
  const rows = all.filter((row) => train[row].label !== omitted);
  const alone = await learn(student, 3, 1, rows, labels, epochs.students);
  const distilled = await learn(student, 3, temperature, rows, soft, epochs.students);
  const seen = joined(test.map(({ x }) => x));
  await alone.logits(seen);
  const said = await distilled.logits(seen);
  const right = test.map(({ label }, i) => {
    const own = said.subarray(i * CLASSES, (i + 1) * CLASSES);
    return own.indexOf(Math.max(...own)) === label;
  });
  const share = (of) => of.filter(Boolean).length / of.length;
  [taught, alone, distilled].forEach((network) => network.dispose());
  return { accuracy: share(right), omitted: share(right.filter((_, i) => test[i].label === omitted)) };
}

// The omitted-digit experiment from its beginning to its end by one of them, after one of a single epoch that loads and compiles
// what it needs: milliseconds, and what the student then recognises.
self.measureWhole = async ({ plan, contender }) => {
  const data = await digits();
  const { module, options } = CONTENDERS[contender];
  const { whole, learner } = await import(module);
  const given = { ...options, folder: "./node_modules" };
  const run = async (epochs) => {
    const experiment = { ...plan.experiment, teacher_epochs: epochs.teacher, student_epochs: epochs.students };
    const start = performance.now();
    const one = whole
      ? await whole({ ...plan, experiment }, given)
      : await taughtAndDistilled((layers, temperature) => learner(layers, temperature, given), data, { ...plan, epochs });
    return { milliseconds: performance.now() - start, ...one };
  };
  await run({ teacher: 1, students: 1 });
  return run(plan.epochs);
};
