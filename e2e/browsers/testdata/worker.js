// Segments photos in a worker, with the library.

self.onmessage = async ({ data: photo }) => {
  try {
    const { Segmenter } = await import("/library/segmenter.js");
    const segmenter = await Segmenter.create();
    const { classes } = await segmenter.segment(photo, { size: 256 });
    postMessage(classes[0].name);
    segmenter.dispose();
  } catch (error) {
    postMessage(String(error));
  }
};
