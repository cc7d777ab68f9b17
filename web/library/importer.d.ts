/** Checkpoints of PyTorch and other programs, made models. */

import type { Decoder, ClassInfo } from "./segmenter.js";

export interface ImportOptions {
  /** Whether weights are stored as int8, a quarter of the size, and computed with faster. Default: true. */
  quantise?: boolean;
  /** The place in the checkpoint of the network to import, one of `others` of an import before. */
  weights?: string;
  /** Ends the import. */
  signal?: AbortSignal;
  /** Told how many parameters of the network are converted. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface Import {
  /** The model, as `Segmenter.create({ model })` and `useModel` take it. */
  blob: Blob;
  description: ImportDescription;
}

export interface ImportDescription {
  name: string;
  classes: ClassInfo[];
  decoders: Decoder[];
  parameters: number;
  /** The side of a patch, in pixels. */
  patch: number;
  /** The short side at which the model sees photos best, in pixels. */
  size: number;
  /** The network's place in the checkpoint, "" for a file that holds nothing else. */
  weights: string;
  /** The places of other networks in it, such as an average of the weights. */
  others: string[];
  /** What the files do not state and was inferred. */
  notes: ImportNote[];
}

/** A sentence in English, and what it is made of for other languages. */
export interface ImportNote {
  code: "classes-by-count" | "classes-unnamed" | "normalisation" | "heads" | "other-networks" | "ignored";
  /**
   * classes-by-count: dataset, count · classes-unnamed: count · normalisation: kind (vit or deit) ·
   * heads: heads, width · other-networks: used, others · ignored: count, example
   */
  values: Record<string, string>;
  text: string;
}

/**
 * Makes a model of a checkpoint, in a worker; the files never leave the browser. It rejects with a
 * SegmenterError: "bad-model" for files that cannot be used, "aborted", "network" or "internal".
 *
 * @param files  a checkpoint, and the variant.yml beside it if there is one
 */
export function importCheckpoint(files: File | File[], options?: ImportOptions): Promise<Import>;
