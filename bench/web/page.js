// The page of one engine.
//
// The address chooses the engine, a module beside this one, and its options:
// page.html?engine=litert&model=…&photo=…&size=512&threads=2&device=cpu. The benchmark calls
// globalThis.bench. An engine module exports start({ model, size, threads, device, photo }), which
// returns
//   segment()  computes the photo's mask or scores; may return { network } in milliseconds
//   scores()   returns the scores of the last photo's patches: { rows, cols, classes, values }

const query = new URLSearchParams(location.search);
const options = {
  size: Number(query.get("size")),
  model: query.get("model"),
  threads: Number(query.get("threads")) || navigator.hardwareConcurrency,
  device: query.get("device"), // "cpu" or "webgpu"
  photo: fetch(query.get("photo")).then(requireOk).then((response) => response.blob()),
};

const engine = query.has("engine")
  ? import(`./${query.get("engine")}.js`).then(({ start }) => start(options))
  : Promise.reject(new Error("the address names no engine"));
engine.catch(() => {}); // the methods of bench report it

globalThis.bench = {
  /** Runs n frames in sequence. Returns the milliseconds of each, and of its network if the engine reports them. */
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

  /** Runs one frame. Returns the milliseconds from the start of the navigation to its end. */
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
