// Asks for the engine and the model before the page's other modules are there.
//
// It owns nothing. It runs once, first.

import { preload } from "../library/preload.js";

const asked = new URLSearchParams(location.search);
if (!asked.has("model") && asked.get("device") !== "webgpu") preload();
