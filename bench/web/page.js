// The page of one engine.
//
// It owns one engine, which the address chooses: page.html?engine=litert&model=…&size=512&threads=2&device=cpu
// names a module beside this one. The benchmark calls what it puts into globalThis.bench. An engine
// module exports start({ model, size, threads, device, photo }), which returns
//   segment()  computes the photo's masks or scores, and returns what it timed itself
//   scores()   those of the patches of the last photo: { rows, cols, classes, values }

const query = new URLSearchParams(location.search);
const size = Number(query.get("size"));
const options = {
  size,
  model: query.get("model"),
  threads: Number(query.get("threads")) || navigator.hardwareConcurrency,
  device: query.get("device"), // "cpu" or "webgpu"
  photo: fetch(`/photos/${size}.png`).then(requireOk).then((response) => response.blob()),
};

const engine = query.has("engine")
  ? import(`./${query.get("engine")}.js`).then(({ start }) => start(options))
  : Promise.reject(new Error("the address names no engine"));
engine.catch(() => {}); // told to whoever asks

globalThis.bench = {
  /** Runs n frames one after the other; milliseconds of each, and of its network where the engine says. */
  async frames(n) {
    const { segment } = await engine;
    const frames = [];
    for (let i = 0; i < n; i++) {
      const start = performance.now();
      const { network = 0 } = (await segment()) ?? {};
      frames.push({ total: performance.now() - start, network });
    }
    return frames;
  },

  /** Milliseconds from the start of the navigation to the end of the first frame. */
  async first() {
    await (await engine).segment();
    return performance.now();
  },

  async scores() {
    const scores = await (await engine).scores();
    return { ...scores, values: new Uint8Array(scores.values.buffer).toBase64() };
  },
};

export function requireOk(response) {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
  return response;
}
