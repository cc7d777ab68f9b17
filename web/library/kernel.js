// The kernels of the engine: a second WebAssembly module, which has instructions that Go's compiler
// has not. The engine brings its bytes; it works in the engine's memory.
//
//   const kernels = new Kernels();
//   const instance = … instantiate the engine with { ...imports, kernel: kernels.imports }
//   kernels.memory = instance.exports.mem;
//   … run the engine

export class Kernels {
  /** @type {WebAssembly.Memory} the engine's, to be set before it runs */
  memory = undefined;

  /** What the engine imports as "kernel" (compute/cpu/kernel/wasm.go). */
  imports = {
    install: (module, size) => Number(this.#install(module, size)),
    matmul: (a, b, c, d, e, f, g, h, i, j) => this.#kernels.matmul(a, b, c, d, e, f, g, h, i, j),
    matmulPairs: (a, b, c, d, e, f, g, h, i, j) => this.#kernels.matmulPairs(a, b, c, d, e, f, g, h, i, j),
    attendPairs: (a, b, c, d, e, f, g, h, i) => this.#kernels.attendPairs(a, b, c, d, e, f, g, h, i),
    matmulNarrow: (a, b, c, d, e, f, g, h, i, j, k) => this.#kernels.matmulNarrow(a, b, c, d, e, f, g, h, i, j, k),
    attend: (a, b, c, d, e, f, g, h, i) => this.#kernels.attend(a, b, c, d, e, f, g, h, i),
    softmax: (a, b, c, d, e, f, g, h, i) => this.#kernels.softmax(a, b, c, d, e, f, g, h, i),
    normalise: (a, b, c, d, e, f, g, h) => this.#kernels.normalise(a, b, c, d, e, f, g, h),
    quantise: (a, b, c, d, e, f, g) => this.#kernels.quantise(a, b, c, d, e, f, g),
    quantiseSigned: (a, b, c, d, e, f, g) => this.#kernels.quantiseSigned(a, b, c, d, e, f, g),
    packPanels: (a, b, c, d, e) => this.#kernels.packPanels(a, b, c, d, e),
    sumUnits: (a, b, c) => this.#kernels.sumUnits(a, b, c),
    packValues: (a, b, c, d) => this.#kernels.packValues(a, b, c, d),
    gelu: (a, b) => this.#kernels.gelu(a, b),
  };

  #kernels;

  /** Makes an instance of the module of so many bytes; false if this browser does not know its instructions. */
  #install(at, size) {
    const bytes = new Uint8Array(this.memory.buffer, at, size);
    if (!WebAssembly.validate(bytes)) return false;
    const module = new WebAssembly.Module(bytes); // at once: a worker may, and it is small
    this.#kernels = new WebAssembly.Instance(module, { go: { mem: this.memory } }).exports;
    return true;
  }
}
