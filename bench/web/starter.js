// How both forms of this project segment, as a page uses its library.

export function starter(Segmenter) {
  return async ({ size, threads, device, photo }) => {
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
