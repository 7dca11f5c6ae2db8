// Times a perceptron on the GPU, in single precision and in 8-bit integers: WGSL's packed dot product
// multiplies four codes by four and adds the products. Both are computed by one plain kernel, so that what is compared
// is the arithmetic. A call is what a visitor waits for: inputs go up, every layer runs, outputs come back.

const SHADER = `
struct Layer { words_in: u32, words_out: u32, low: f32, high: f32, zero: f32 }
@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var<storage, read> inputs: array<Word>;
// [words out, words in]: four outputs' weights for a word of inputs.
@group(0) @binding(2) var<storage, read> weights: array<Weights>;
@group(0) @binding(3) var<storage, read> biases: array<Sums>;
@group(0) @binding(4) var<storage, read> multipliers: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> outputs: array<Word>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= layer.words_out) { return; }
  var sums = biases[id.x];
  for (var i = 0u; i < layer.words_in; i++) {
    sums += products(inputs[id.y * layer.words_in + i], weights[id.x * layer.words_in + i]);
  }
  outputs[id.y * layer.words_out + id.x] = finished(sums, multipliers[id.x]);
}
`;

const FLOAT = `
alias Word = vec4f; alias Weights = mat4x4f; alias Sums = vec4f;
fn products(x: vec4f, w: mat4x4f) -> vec4f { return x * w; }
fn finished(sums: vec4f, multiplier: vec4f) -> vec4f {
  return clamp(sums, vec4f(layer.low), vec4f(layer.high));
}
`;

const INTEGER = `
requires packed_4x8_integer_dot_product;
alias Word = u32; alias Weights = vec4u; alias Sums = vec4i;
fn products(x: u32, w: vec4u) -> vec4i {
  return vec4i(dot4I8Packed(x, w.x), dot4I8Packed(x, w.y), dot4I8Packed(x, w.z), dot4I8Packed(x, w.w));
}
fn finished(sums: vec4i, multiplier: vec4f) -> u32 {
  let codes = clamp(round(vec4f(sums) * multiplier), vec4f(layer.low), vec4f(layer.high)) + layer.zero;
  return pack4xI8(vec4i(codes));
}
`;

// Samples of each, as many as the processor's are: the least for an interval of 95 %, and enough for any.
const SAMPLES = [15, 101];

// Whether the packed dot product can be had: "ready", or what is missing.
export async function packedDot() {
  if (!(await navigator.gpu?.requestAdapter())) return "missing";
  return navigator.gpu.wgslLanguageFeatures?.has("packed_4x8_integer_dot_product") ? "ready" : "no-dot";
}

// Of a network in single precision and of the same in integers, for each batch: milliseconds of every sample of both,
// calls in a sample, and the words that the integers gave.
export async function measure({ networks, batches, milliseconds }) {
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const lost = device.lost.then(({ message }) => { throw new Error(`the device was lost: ${message}`); });
  try {
    return await Promise.race([lost, all(device, networks, batches, milliseconds)]);
  } finally {
    lost.catch(() => {});
    device.destroy();
  }
}

async function all(device, [float, integer], batches, milliseconds) {
  const found = [];
  for (const batch of batches) {
    device.pushErrorScope("validation");
    const calls = [prepare(device, FLOAT + SHADER, float, batch), prepare(device, INTEGER + SHADER, integer, batch)];
    const error = await device.popErrorScope();
    if (error) throw new Error(error.message);
    found.push(await inTurns(calls, milliseconds / batches.length));
  }
  return found;
}

// Compiles and uploads a network; gives what computes one batch and reads the last layer's words.
function prepare(device, code, { inputs, layers }, batch) {
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const buffer = (size, usage) => device.createBuffer({ size, usage });
  const upload = (numbers, usage = STORAGE) => {
    const made = buffer(numbers.byteLength, usage | COPY_DST);
    device.queue.writeBuffer(made, 0, numbers);
    return made;
  };
  // `requires` stands before all else.
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const word = inputs.BYTES_PER_ELEMENT * (inputs instanceof Float32Array ? 4 : 1);
  const batchOfInputs = inputs.subarray(0, batch * layers[0].wordsIn * word / inputs.BYTES_PER_ELEMENT);
  const first = buffer(batchOfInputs.byteLength, STORAGE | COPY_DST);
  let numbers = first;
  const steps = layers.map(({ wordsIn, wordsOut, low, high, zero, weights, biases, multipliers }) => {
    const sizes = new ArrayBuffer(32);
    new Uint32Array(sizes, 0, 2).set([wordsIn, wordsOut]);
    new Float32Array(sizes, 8, 3).set([low, high, zero]);
    const outputs = buffer(batch * wordsOut * word, STORAGE | COPY_SRC);
    const bound = [upload(new Uint8Array(sizes), UNIFORM), numbers, upload(weights), upload(biases), upload(multipliers), outputs];
    const entries = bound.map((buffer, binding) => ({ binding, resource: { buffer } }));
    numbers = outputs;
    return { group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }), groups: Math.ceil(wordsOut / 32) };
  });
  const last = numbers;
  const read = buffer(last.size, MAP_READ | COPY_DST);
  return async () => {
    device.queue.writeBuffer(first, 0, batchOfInputs);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    for (const { group, groups } of steps) {
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(groups, batch);
    }
    pass.end();
    encoder.copyBufferToBuffer(last, 0, read, 0, last.size);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(GPUMapMode.READ);
    const words = new Uint32Array(read.getMappedRange()).slice();
    read.unmap();
    return words;
  };
}

async function inTurns(calls, milliseconds) {
  const share = milliseconds / (SAMPLES[0] * calls.length);
  const start = performance.now();
  const repeats = [];
  let words;
  for (const call of calls) {
    // Three calls warm up, three more tell how many fill a sample.
    for (let i = 0; i < 3; i++) words = await call();
    const before = performance.now();
    for (let i = 0; i < 3; i++) await call();
    repeats.push(Math.max(1, Math.round((3 * share) / Math.max(performance.now() - before, 0.01))));
  }
  const samples = calls.map(() => []);
  for (let round = 0; round < SAMPLES[1]; round++) {
    const patience = round < SAMPLES[0] ? 4 : 1;
    if (round > 0 && performance.now() - start > patience * milliseconds) break;
    for (const [index, call] of calls.entries()) {
      const before = performance.now();
      for (let i = 0; i < repeats[index]; i++) await call();
      samples[index].push((performance.now() - before) / repeats[index]);
    }
  }
  return { samples, repeats, words };
}
