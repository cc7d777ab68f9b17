// What the queue keeps of a photo: a small picture, and its mask, compressed, so that a thousand photos
// take the memory of one.
//
// It owns the worker that makes them, off the page's thread. It is sent files and masks; it sends back
// what is kept, and masks again.

export class Keeper {
  #worker = null;
  #turn = Promise.resolve();

  /**
   * @param {File} file
   * @param {import("../../library/segmenter.js").Segmentation} result  its mask is gone afterwards
   * @returns {Promise<{ thumbnail: Blob, width: number, height: number, packed: Blob }>}
   */
  async keep(file, { width, height, mask, classes }) {
    const colours = classes.map(({ id, colour }) => [id, colour]);
    return { width, height, ...(await this.#ask({ file, width, height, mask, colours }, [mask.buffer])) };
  }

  /** @param {File} file @returns {Promise<Blob>} */
  async thumbnail(file) {
    return (await this.#ask({ file }, [])).thumbnail;
  }

  /** A mask as it was before. @param {{ width: number, height: number, packed: Blob }} kept */
  async unpack({ width, height, packed }) {
    const { mask } = await this.#ask({ packed }, []);
    return { width, height, mask };
  }

  /** One at a time, so that memory holds one photo. */
  #ask(request, transferred) {
    const answer = this.#turn.then(() => this.#carryOut(request, transferred));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  #carryOut(request, transferred) {
    this.#worker ??= new Worker(new URL("./keeper.worker.js", import.meta.url), { type: "module", name: "keeper" });
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data: { error, ...kept } }) => (error ? reject(new Error(error)) : resolve(kept));
      worker.onerror = (event) => {
        event.preventDefault();
        worker.terminate();
        this.#worker = null;
        reject(new Error(event.message || "the worker stopped"));
      };
      worker.postMessage(request, transferred);
    });
  }
}
