// Blurs what is behind people, and hands the result on as a stream.
import { LiveSegmentation } from "../library/live.js";
import { Segmenter } from "../library/segmenter.js";

const [button, picture, video, output] = ["button", "#picture", "video", "output"].map((name) => document.querySelector(name));

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
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
