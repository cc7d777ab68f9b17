// This project, as a page uses its library that has to be fast at once.

import { preload } from "/ours/library/preload.js";
import { starter } from "./starter.js";

export const start = starter("/ours", preload);
