// Asks for the engine and the model first. It owns nothing.

import { preload } from "../library/preload.js";

const asked = new URLSearchParams(location.search);
if (!asked.has("model") && asked.get("device") !== "webgpu") {
  preload({ threads: Number(asked.get("threads")) || undefined });
}
