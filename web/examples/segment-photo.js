// Segments the chosen file and paints the classes over it.
import { decodePhoto, Segmenter } from "../library/segmenter.js";

const [input, canvas, output] = ["input", "canvas", "output"].map((name) => document.querySelector(name));
canvas.style.maxWidth = "100%";
const segmenter = await Segmenter.create().catch((error) => {
  output.textContent = error.message;
  throw error;
});
output.textContent = "Choose a photo.";

input.addEventListener("change", async () => {
  try {
    const { width, height, mask, classes, timings } = await segmenter.segment(input.files[0]);
    const overlay = new ImageData(width, height);
    const pixels = new DataView(overlay.data.buffer);
    const colours = new Map(classes.map(({ id, colour }) => [id, parseInt(`${colour.slice(1)}99`, 16)]));
    mask.forEach((id, pixel) => pixels.setUint32(4 * pixel, colours.get(id))); // R, G, B, A

    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(await decodePhoto(input.files[0]), 0, 0);
    context.drawImage(await createImageBitmap(overlay), 0, 0);
    output.textContent = `${classes.map(({ name }) => name).join(", ")} in ${Math.round(timings.total)} ms`;
  } catch (error) {
    output.textContent = error.message;
  }
});
