// How both forms of this project segment, as a page uses its library.

/**
 * @param {string} site
 * @param {() => void} preload  of the library there
 */
export function starter(site, preload) {
  return async ({ size, threads, device, photo }) => {
    // Starts all downloads at once, as a fast page does.
    if (device === "cpu") preload();
    const { Segmenter } = await import(`${site}/library/segmenter.js`);
    const [segmenter, bitmap] = await Promise.all([Segmenter.create({ device, threads }), photo.then(createImageBitmap)]);
    return {
      async segment() {
        const { timings } = await segmenter.segment(bitmap, { size, decoder: "mask" });
        return { network: timings.network };
      },
      scores: () => segmenter.scores(),
    };
  };
}
