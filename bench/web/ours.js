// This project.

import { Segmenter } from "/ours/library/segmenter.js";
import { starter } from "./starter.js";

export const start = starter(Segmenter);
