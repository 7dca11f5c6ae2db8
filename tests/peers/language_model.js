// One training step of a causal Transformer on labels: embedding, blocks with layer norm in front (Xiong et al. 2020),
// Adam (Kingma & Ba 2015). The same shape, tokens and arithmetic for each contender, one thread.

import { generator } from "./random.js";

const RATE = 0.001, FIRST = 0.9, SECOND = 0.999, EPSILON = 1e-8;

// Tokens to read, and those that come next.
function tokens({ batch, context, vocabulary }) {
  const draw = generator(1);
  const rows = Array.from({ length: batch }, () => Uint32Array.from({ length: context + 1 }, () => Math.floor(draw() * vocabulary)));
  const all = (from, to) => Uint32Array.from(rows.flatMap((row) => [...row.subarray(from, to)]));
  return { read: all(0, context), next: all(1, context + 1) };
}

async function retort(shape) {
  const module = await import("./translator.js");
  await module.default();
  const { read, next } = tokens(shape);
  const { width, blocks, heads, hidden, context, vocabulary } = shape;
  const model = new module.LanguageModel(Uint32Array.of(width, blocks, heads, hidden, context, vocabulary), read, next);
  return { parameters: model.parameters(), steps: (count) => model.steps(count, RATE), dispose: () => model.free() };
}

async function jax(backend, shape) {
  const jax = await import("./node_modules/@jax-js/jax/dist/index.js");
  if (!(await jax.init(backend)).includes(backend)) throw new Error(`jax-js has no ${backend} here`);
  jax.defaultDevice(backend);
  const { numpy: np, nn, tree, jit, valueAndGrad } = jax;
  const { width, blocks, heads, hidden, context, vocabulary, batch } = shape;
  const draw = generator(2);
  const matrix = (rows, columns) => np.array(Float32Array.from({ length: rows * columns }, () => (2 * draw() - 1) / Math.sqrt(rows))).reshape([rows, columns]);
  const linear = (rows, columns) => ({ weight: matrix(rows, columns), bias: np.zeros([columns]) });
  const norm = () => ({ scale: np.ones([width]), shift: np.zeros([width]) });
  const apply = ({ weight, bias }, x) => np.matmul(x, weight).add(bias);
  const normalized = ({ scale, shift }, x) => nn.standardize(x, -1).mul(scale).add(shift);
  const split = (x) => x.reshape([batch, context, heads, width / heads]);
  let model = {
    embedding: matrix(vocabulary, width), place: matrix(context, width), last: norm(), head: linear(width, vocabulary),
    blocks: Array.from({ length: blocks }, () => ({
      first: norm(), query: linear(width, width), key: linear(width, width), value: linear(width, width), out: linear(width, width),
      second: norm(), up: linear(width, hidden), down: linear(hidden, width),
    })),
  };
  const parameters = tree.leaves(tree.ref(model)).reduce((sum, leaf) => { const size = leaf.shape.reduce((a, b) => a * b, 1); leaf.dispose(); return sum + size; }, 0);
  const loss = (model, read, next) => {
    let x = np.matmul(read, model.embedding).reshape([batch, context, width]).add(model.place);
    for (const block of model.blocks) {
      const inner = normalized(block.first, x.ref);
      const [query, key, value] = [apply(block.query, inner.ref), apply(block.key, inner.ref), apply(block.value, inner)].map(split);
      const heard = nn.dotProductAttention(query, key, value, { isCausal: true }).reshape([batch, context, width]);
      x = x.add(apply(block.out, heard));
      x = x.ref.add(apply(block.down, nn.gelu(apply(block.up, normalized(block.second, x)))));
    }
    const logits = apply(model.head, normalized(model.last, x)).reshape([batch * context, vocabulary]);
    return nn.logSoftmax(logits).mul(next).sum().mul(-1 / (batch * context));
  };
  const train = jit((model, first, second, rates, read, next) => {
    const rate = rates.slice(0);
    const [value, slope] = valueAndGrad(loss)(tree.ref(model), read, next);
    const nextFirst = tree.map((m, g) => m.mul(FIRST).add(g.mul(1 - FIRST)), first, tree.ref(slope));
    const nextSecond = tree.map((v, g) => v.mul(SECOND).add(np.square(g).mul(1 - SECOND)), second, slope);
    const after = tree.map((w, m, v) => w.sub(m.mul(rate.ref).div(np.sqrt(v).add(EPSILON))), model, tree.ref(nextFirst), tree.ref(nextSecond));
    rate.dispose();
    return [value, after, nextFirst, nextSecond];
  });
  const zeros = () => tree.map((leaf) => { const made = np.zeros(leaf.shape); leaf.dispose(); return made; }, tree.ref(model));
  let [first, second] = [zeros(), zeros()];
  const given = tokens(shape);
  const one = (places) => {
    const rows = new Float32Array(places.length * vocabulary);
    places.forEach((place, row) => { rows[row * vocabulary + place] = 1; });
    return np.array(rows).reshape([places.length, vocabulary]);
  };
  const [read, next] = [one(given.read), one(given.next)];
  let step = 0;
  return {
    parameters,
    steps: async (count) => {
      let value = NaN;
      for (let i = 0; i < count; i++) {
        step++;
        const rate = np.array(new Float32Array([(RATE * Math.sqrt(1 - SECOND ** step)) / (1 - FIRST ** step), 0]));
        let lost;
        [lost, model, first, second] = train(model, first, second, rate, read.ref, next.ref);
        // What is not waited for makes each later step slower.
        value = (await lost.data())[0];
      }
      return value;
    },
    dispose: () => { [model, first, second, read, next].forEach((held) => tree.dispose(held)); },
  };
}

const CONTENDERS = { retort, "jax-wasm": (shape) => jax("wasm", shape) };

// Milliseconds a step of each, in turns; what it lost after the first turn says that both learn the same.
self.measureLanguageModel = async ({ shape, repeats, milliseconds }) => {
  const found = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, { rates: [] }]));
  const ready = [];
  for (const [name, prepare] of Object.entries(CONTENDERS)) {
    try {
      const contender = await prepare(shape);
      found[name].parameters = contender.parameters;
      found[name].losses = [await contender.steps(1), await contender.steps(20)];
      ready.push([name, contender]);
    } catch (error) {
      found[name].error = String(error?.stack ?? error);
    }
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [name, contender] of ready) {
      let [done, start] = [0, performance.now()];
      do { await contender.steps(1); done++; } while (performance.now() - start < milliseconds);
      found[name].rates.push((performance.now() - start) / done);
    }
  }
  ready.forEach(([, contender]) => contender.dispose());
  return found;
};
