// Teaches a class by strokes on a photo, and paints where it is found. The next photo shows it at once.
import { decodePhoto, Segmenter } from "../library/segmenter.js";

const NAME = "my thing";
const [input, canvas, output] = ["input", "canvas", "output"].map((name) => document.querySelector(name));
Object.assign(canvas.style, { maxWidth: "100%", touchAction: "none" });
const segmenter = await Segmenter.create().catch((error) => {
  output.textContent = error.message;
  throw error;
});
output.textContent = "Choose a photo.";

let photo; // File
let strokes = []; // on this photo

async function show() {
  await segmenter.segment(photo);
  const taught = segmenter.taught.find(({ name }) => name === NAME);
  const colours = taught ? { [taught.id]: `${taught.colour}a0` } : {};
  const [bitmap, overlay] = [await decodePhoto(photo), await segmenter.paint({ colours })];
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  context.drawImage(overlay, 0, 0, canvas.width, canvas.height);
  for (const picture of [bitmap, overlay]) picture.close();
  output.textContent = taught ? `Taught by ${taught.strokes} strokes. Choose another photo, or draw more.` : "Draw a line on the thing to teach.";
}

input.addEventListener("change", () => {
  photo = input.files[0];
  strokes = [];
  show().catch(({ message }) => (output.textContent = message));
});

const place = ({ offsetX, offsetY }) => ({ x: (offsetX * canvas.width) / canvas.clientWidth, y: (offsetY * canvas.height) / canvas.clientHeight });
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  strokes.push({ points: [place(event)], width: canvas.width / 40 });
});
canvas.addEventListener("pointermove", (event) => event.buttons && strokes.at(-1)?.points.push(place(event)));
canvas.addEventListener("pointerup", async () => {
  try {
    await segmenter.teach({ photo, name: NAME, strokes });
    await show();
  } catch ({ message }) {
    output.textContent = message;
  }
});
