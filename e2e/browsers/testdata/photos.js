// Photos, by the library.

import { Segmenter } from "/library/segmenter.js";

const options = { size: 256 };

async function chelsea() {
  return (await fetch("/samples/chelsea.png")).blob();
}

export async function segmentInThreads(threads) {
  const segmenter = await Segmenter.create({ threads, device: "cpu" });
  try {
    const { mask } = await segmenter.segment(await chelsea(), options);
    return { threads: segmenter.threads, mask: mask.toBase64() };
  } finally {
    segmenter.dispose();
  }
}

export async function threadsByDefault() {
  const segmenter = await Segmenter.create({ device: "cpu" });
  const { threads } = segmenter;
  segmenter.dispose();
  return threads;
}

/** The largest class of the cat's portrait, or what went wrong. */
export async function segmentInWorker() {
  const worker = new Worker("/test/worker.js", { type: "module" });
  try {
    return await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve(`an error: ${message}`);
      chelsea().then((photo) => worker.postMessage(photo));
    });
  } finally {
    worker.terminate();
  }
}
