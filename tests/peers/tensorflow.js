// The distillation step in TensorFlow.js, by its own layers' arithmetic, optimizer and backends.

const T = 2;

// Loads what the page's script tags would: the library, then its backends.
async function load(folder, backend) {
  if (!self.tf) {
    for (const file of ["tfjs/dist/tf.es2017.min.js", "tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js", "tfjs-backend-webgpu/dist/tf-backend-webgpu.es2017.min.js"]) {
      await new Promise((resolve, reject) => {
        const script = Object.assign(document.createElement("script"), { src: `${folder}/@tensorflow/${file}`, onload: resolve, onerror: reject });
        document.head.append(script);
      });
    }
    tf.wasm.setWasmPaths(`${folder}/@tensorflow/tfjs-backend-wasm/dist/`);
    tf.wasm.setThreadsCount(1);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);
}

function forward(network, x) {
  for (const [index, { kernel, bias, pools }] of network.entries()) {
    if (pools) {
      if (x.rank === 2) x = x.reshape([-1, Math.sqrt(x.shape[1]), Math.sqrt(x.shape[1]), 1]);
      x = tf.maxPool(tf.relu(tf.conv2d(x, kernel, 1, "same").add(bias)), 2, 2, "valid");
    } else {
      x = x.reshape([x.shape[0], -1]).matMul(kernel).add(bias);
      if (index < network.length - 1) x = tf.relu(x);
    }
  }
  return x;
}

const build = (layers) => layers.map(({ shape, weight, bias, pools }) => ({
  kernel: tf.variable(tf.tensor(weight, shape)), bias: tf.variable(tf.tensor1d(bias)), pools,
}));

// A network that learns, at a temperature, from what it is to say.
export async function learner(layers, temperature, { folder, backend }) {
  await load(folder, backend);
  const learning = build(layers);
  const variables = learning.flatMap(({ kernel, bias }) => [kernel, bias]);
  const adam = tf.train.adam(0.001);
  const columns = layers[0].shape[0];
  const matrix = (numbers, columns) => tf.tensor2d(numbers, [numbers.length / columns, columns]);
  return {
    step: (x, wanted, rate) => tf.tidy(() => {
      adam.learningRate = rate;
      const [inputs, targets] = [matrix(x, columns), matrix(wanted, 10)];
      const loss = () => targets.mul(tf.logSoftmax(forward(learning, inputs).div(temperature))).sum().mul(-(temperature ** 2) / inputs.shape[0]);
      adam.minimize(loss, false, variables);
    }),
    logits: async (x) => {
      const logits = tf.tidy(() => forward(learning, matrix(x, columns)));
      const found = await logits.data();
      logits.dispose();
      return found;
    },
    dispose: () => { adam.dispose(); variables.forEach((variable) => variable.dispose()); },
  };
}

export async function prepare({ teacher, student, batches, features }, { folder, backend, cached }) {
  await load(folder, backend);
  const [taught, learning] = [teacher, student].map(build);
  const inputs = batches.map((batch) => tf.tensor2d(batch, [batch.length / features, features]));
  const thousand = tf.tidy(() => tf.concat(inputs).slice([0, 0], [1000, features]));
  const answers = inputs.map((x) => (cached ? tf.tidy(() => forward(taught, x)) : null));
  const adam = tf.train.adam(0.001);
  const variables = learning.flatMap(({ kernel, bias }) => [kernel, bias]);
  let step = 0;
  let last = null;
  const once = () => {
    const place = step++ % inputs.length;
    const loss = tf.tidy(() => {
      const x = inputs[place];
      const p = tf.softmax((answers[place] ?? forward(taught, x)).div(T));
      const log = tf.log(p.add(1e-12));
      return adam.minimize(() => p.mul(log.sub(tf.logSoftmax(forward(learning, x).div(T)))).sum().mul((T * T) / x.shape[0]), true, variables);
    });
    last?.dispose();
    last = loss;
  };
  return {
    steps: async (count) => {
      await tf.setBackend(backend);
      for (let i = 0; i < count; i++) once();
      return (await last.data())[0];
    },
    infer: async () => {
      await tf.setBackend(backend);
      for (const network of [taught, learning, learning]) {
        const logits = tf.tidy(() => forward(network, thousand));
        await logits.data();
        logits.dispose();
      }
    },
    dispose: () => { adam.dispose(); tf.disposeVariables(); [...inputs, thousand].forEach((x) => x.dispose()); answers.forEach((x) => x?.dispose()); last?.dispose(); },
  };
}
