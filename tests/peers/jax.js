// The distillation step in jax-js, the whole of it in one `jit`: teacher, loss, gradient and Adam (Kingma & Ba 2015).

const T = 2, RATE = 0.001, FIRST = 0.9, SECOND = 0.999, EPSILON = 1e-8;

let jax;

// Takes its arguments' references, as all functions of jax-js do.
function forward(network, x) {
  const { numpy: np, nn, lax } = jax;
  for (const [index, { weight, bias }] of network.entries()) {
    if (weight.ndim === 4) {
      const [batch] = x.shape;
      if (x.ndim === 2) x = x.reshape([batch, 1, Math.sqrt(x.shape[1]), Math.sqrt(x.shape[1])]);
      x = nn.relu(lax.conv(x, weight, [1, 1], "SAME").add(bias.reshape([1, -1, 1, 1])));
      x = lax.reduceWindow(x, np.max, [1, 1, 2, 2], [1, 1, 2, 2]);
    } else {
      if (x.ndim === 4) x = x.reshape([x.shape[0], -1]);
      x = np.matmul(x, weight).add(bias);
      if (index < network.length - 1) x = nn.relu(x);
    }
  }
  return x;
}

// Distillation's loss (Hinton et al. 2015, section 2), of logits.
function distillation(student, x, answer) {
  const { numpy: np, nn } = jax;
  const batch = x.shape[0];
  const log = nn.logSoftmax(answer.div(T));
  const difference = log.ref.sub(nn.logSoftmax(forward(student, x).div(T)));
  return np.exp(log).mul(difference).sum().mul((T * T) / batch);
}

// One step of Adam down a loss.
const descend = (loss) => (student, first, second, rates, x, wanted) => {
  const { numpy: np, tree, valueAndGrad } = jax;
  const rate = rates.slice(0);
  const [value, slope] = valueAndGrad(loss)(tree.ref(student), x, wanted);
  const each = (make) => student.map((layer, i) => Object.fromEntries(Object.keys(layer).map((key) => [key, make(i, key)])));
  const nextFirst = each((i, key) => first[i][key].mul(FIRST).add(slope[i][key].ref.mul(1 - FIRST)));
  const nextSecond = each((i, key) => second[i][key].mul(SECOND).add(np.square(slope[i][key]).mul(1 - SECOND)));
  const next = each((i, key) => student[i][key].sub(nextFirst[i][key].ref.mul(rate.ref).div(np.sqrt(nextSecond[i][key].ref).add(EPSILON))));
  rate.dispose();
  return [value, next, nextFirst, nextSecond];
};

// The rate of a step with the moments' bias corrected. Two numbers, since jax-js writes a single one into what it compiles.
const corrected = (rate, step) => jax.numpy.array(new Float32Array([(rate * Math.sqrt(1 - SECOND ** step)) / (1 - FIRST ** step), 0]));

// jax-js keeps a list of what has not been waited for, and every step goes through all of it: without waiting, a step takes ten
// times as long after some hundred. What was fastest: to read the loss of each step in wasm, and to wait now and then for a GPU.
const settle = async (value, backend, step) => {
  if (backend === "wasm") value.ref.dataSync();
  else if (step % 4 === 0) await value.blockUntilReady();
};

const zeros = (layers) => layers.map(({ weight, bias }) => ({ weight: jax.numpy.zeros(weight.shape), bias: jax.numpy.zeros(bias.shape) }));

async function load(folder, backend) {
  jax = await import(`${folder}/@jax-js/jax/dist/index.js`);
  if (!(await jax.init(backend)).includes(backend)) throw new Error(`jax-js has no ${backend} here`);
  jax.defaultDevice(backend);
}

const build = (layers) => layers.map(({ shape, weight, bias }) => {
  const { numpy: np } = jax;
  const array = np.array(weight).reshape(shape);
  // Kernels stand as rows, columns, inputs, outputs; here outputs and inputs come first.
  return { weight: shape.length === 4 ? array.transpose([3, 2, 0, 1]) : array, bias: np.array(bias) };
});

// A network that learns, at a temperature, from what it is to say.
export async function learner(layers, temperature, { folder, backend }) {
  await load(folder, backend);
  const { numpy: np, nn, tree, jit } = jax;
  let learning = build(layers);
  let [first, second] = [zeros(learning), zeros(learning)];
  const columns = layers[0].shape[0];
  const matrix = (numbers, columns) => np.array(numbers).reshape([numbers.length / columns, columns]);
  const train = jit(descend((student, x, wanted) => {
    const batch = x.shape[0];
    return wanted.mul(nn.logSoftmax(forward(student, x).div(temperature))).sum().mul(-(temperature ** 2) / batch);
  }));
  const ask = jit(forward);
  let step = 0;
  return {
    step: async (x, wanted, rate) => {
      let value;
      [value, learning, first, second] = train(learning, first, second, corrected(rate, ++step), matrix(x, columns), matrix(wanted, 10));
      await settle(value, backend, step);
      value.dispose();
    },
    logits: async (x) => ask(tree.ref(learning), matrix(x, columns)).data(),
    dispose: () => [learning, first, second].forEach((held) => tree.dispose(held)),
  };
}

export async function prepare({ teacher, student, batches, features }, { folder, backend, cached }) {
  await load(folder, backend);
  const { numpy: np, tree, jit } = jax;
  const taught = build(teacher);
  let learning = build(student);
  let [first, second] = [zeros(learning), zeros(learning)];
  const inputs = batches.map((batch) => np.array(batch).reshape([batch.length / features, features]));
  const thousand = np.concatenate(inputs.map((x) => x.ref)).slice([0, 1000]);
  const ask = jit(forward);
  const answers = cached ? inputs.map((x) => ask(tree.ref(taught), x.ref)) : [];
  const learn = descend(distillation);
  const train = jit(cached ? learn : (student, first, second, rates, x, teacher) => {
    const answer = forward(teacher, x.ref);
    return learn(student, first, second, rates, x, answer);
  });
  let step = 0;
  let last = null;
  return {
    steps: async (count) => {
      jax.defaultDevice(backend);
      for (let i = 0; i < count; i++) {
        const place = step++ % inputs.length;
        last?.dispose();
        [last, learning, first, second] = train(learning, first, second, corrected(RATE, step), inputs[place].ref, cached ? answers[place].ref : tree.ref(taught));
        await settle(last, backend, step);
      }
      return (await last.ref.data())[0];
    },
    infer: async () => {
      jax.defaultDevice(backend);
      for (const network of [taught, learning, learning]) await ask(tree.ref(network), thousand.ref).data();
    },
    dispose: () => { [taught, learning, first, second, inputs, thousand, answers].forEach((held) => tree.dispose(held)); last?.dispose(); },
  };
}
