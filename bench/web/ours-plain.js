// This project in a browser without relaxed SIMD.

import { preload } from "/plain/library/preload.js";
import { starter } from "./starter.js";

export const start = starter("/plain", preload);
