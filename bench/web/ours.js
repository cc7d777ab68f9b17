// This project: its library, as a page uses it.

import { Segmenter } from "/ours/library/segmenter.js";

export async function start({ size, threads, device, photo }) {
  const [segmenter, bitmap] = await Promise.all([Segmenter.create({ device, threads }), photo.then(createImageBitmap)]);
  return {
    async segment() {
      const { timings } = await segmenter.segment(bitmap, { size, decoder: "mask" });
      return { network: timings.network };
    },
    scores: () => segmenter.scores(),
  };
}
