// This project in a browser without relaxed SIMD.

import { starter } from "./starter.js";

export const start = starter("/plain");
