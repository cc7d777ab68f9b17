// Blurs what is behind people, and hands the result on as a stream.
import { LiveSegmentation } from "../library/live.js";
import { Segmenter } from "../library/segmenter.js";

const [button, picture, video, output] = ["button", "#picture", "video", "output"].map((name) => document.querySelector(name));

/** What to do about the errors of getUserMedia, whose own messages are for programmers. */
const ADVICE = {
  NotAllowedError: "The camera may not be used: allow it for this page.",
  NotFoundError: "No camera was found: connect one.",
  OverconstrainedError: "No camera was found: connect one.",
  NotReadableError: "The camera does not start: close the program that uses it.",
};

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const stream = await openCamera();
    const segmenter = await Segmenter.create({ onProgress: () => (output.textContent = "Loading the model.") });
    const people = segmenter.model.classes.filter(({ name }) => name === "person").map(({ id }) => id);
    const live = await LiveSegmentation.start(segmenter, stream, {
      effect: { kind: "blur", classes: people },
      onFrame: ({ rate, classes }) => (output.textContent = `${rate.toFixed(0)} a second: ${classes.map(({ name }) => name).join(", ")}`),
      onState: ({ state, reason }) => state !== "running" && (output.textContent = `${state} ${reason}`),
    });
    picture.append(live.canvas);
    video.srcObject = live.captureStream();
    await video.play();
  } catch (error) {
    output.textContent = error.message;
    button.disabled = false;
  }
});

async function openCamera() {
  if (!isSecureContext) throw new Error("Browsers give cameras only to pages of https or localhost: open this page so.");
  if (!navigator.mediaDevices) throw new Error("This browser gives pages no camera: use another.");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: true });
  } catch ({ name }) {
    throw new Error(ADVICE[name] ?? "The camera gives no picture: connect it again, or use another.");
  }
}
