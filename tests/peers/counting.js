// Counts what a page and its workers ask of WebGPU, which does not depend on the machine. To be evaluated before the page's
// own scripts: every worker then counts first, and answers on the channel "counted" when it is asked there.
{
  const counting = `{
    const counted_here = {};
    const count = (of, method, name, amount = () => 1) => {
      const plain = of?.prototype?.[method];
      if (!plain) return;
      of.prototype[method] = function (...given) {
        counted_here[name] = (counted_here[name] ?? 0) + amount(...given);
        return plain.apply(this, given);
      };
    };
    count(self.GPUComputePassEncoder, "dispatchWorkgroups", "dispatches");
    count(self.GPUComputePassEncoder, "dispatchWorkgroupsIndirect", "dispatches");
    count(self.GPUQueue, "submit", "submits");
    count(self.GPUQueue, "writeBuffer", "writes");
    count(self.GPUQueue, "writeBuffer", "bytes written", (buffer, offset, data, from = 0, size) =>
      size === undefined ? data.byteLength - from : size * (data.BYTES_PER_ELEMENT ?? 1));
    count(self.GPUDevice, "createComputePipeline", "pipelines");
    count(self.GPUDevice, "createComputePipelineAsync", "pipelines");
    count(self.GPUDevice, "createShaderModule", "shaders");
    count(self.GPUDevice, "createBindGroup", "bind groups");
    count(self.GPUDevice, "createBuffer", "buffers");
    count(self.GPUBuffer, "mapAsync", "reads");
    count(self.GPUBuffer, "mapAsync", "bytes read", (mode, offset, size) => size ?? 0);
    const channel = new BroadcastChannel("counted");
    channel.onmessage = ({ data }) => { if (data === "ask") channel.postMessage({ ...counted_here }); };
  }`;
  const first = URL.createObjectURL(new Blob([counting], { type: "text/javascript" }));
  (0, eval)(counting);
  const Plain = self.Worker;
  self.Worker = class extends Plain {
    constructor(url, options) {
      const own = new URL(url, location.href).href;
      const both = `import ${JSON.stringify(first)};\nimport ${JSON.stringify(own)};`;
      super(URL.createObjectURL(new Blob([both], { type: "text/javascript" })), options);
    }
  };
  // What all of them have counted so far, added up.
  self.counted = () => new Promise((resolve) => {
    const channel = new BroadcastChannel("counted");
    const sums = {};
    channel.onmessage = ({ data }) => {
      if (data === "ask") return;
      for (const [name, number] of Object.entries(data)) sums[name] = (sums[name] ?? 0) + number;
    };
    channel.postMessage("ask");
    setTimeout(() => { channel.close(); resolve(sums); }, 500);
  });
}
