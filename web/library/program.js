// Programs for one task, such as the importer: Go in a worker of its own.
//
// It owns Go's start. The worker sends it the compiled program; it sends back what that hands out.

import "./wasm_exec.js";

/**
 * @param {WebAssembly.Module} module
 * @param {string} hook  the global function that the program calls with what it can do
 * @param {string} name  of the program, for people
 * @returns {Promise<(request: object) => object>}  which throws what the program answers as an error
 */
export async function startProgram(module, hook, name) {
  const started = new Promise((resolve) => (globalThis[hook] = resolve));
  const go = new globalThis.Go();
  const instance = await WebAssembly.instantiate(module, go.importObject);
  const ended = go.run(instance).then(() => Promise.reject(new Error(`The ${name} stopped.`)));
  const run = await Promise.race([started, ended]);
  return (request) => {
    const answer = run(request);
    if (!answer) throw new Error(`The ${name} stopped: close other tabs if memory is short, and try again.`);
    if (answer.error) throw answer.error;
    return answer;
  };
}
