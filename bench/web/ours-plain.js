// This project in a browser without relaxed SIMD.

import { Segmenter } from "/plain/library/segmenter.js";
import { starter } from "./starter.js";

export const start = starter(Segmenter);
