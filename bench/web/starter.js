// How both forms of this project segment, as a page uses its library.

export function starter(site) {
  return async ({ size, threads, device, photo }) => {
    // Starts all downloads at once, as a fast page does.
    if (device === "cpu") import(`${site}/library/preload.js`).then(({ preload }) => preload());
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
