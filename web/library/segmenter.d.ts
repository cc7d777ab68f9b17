/** Semantic segmentation in the browser: every pixel of a photo gets a class. */

/** Whatever holds a picture in a browser. Of an animation, the first frame counts; of a video, the present one. */
export type Photo =
  | File
  | Blob
  | ImageBitmap
  | ImageData
  | VideoFrame
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | HTMLVideoElement;

/**
 * The decoder on top of the encoder: the mask transformer (class embeddings that attend to the
 * patches) or the linear one (one linear layer for each patch).
 */
export type Decoder = "mask" | "linear";

export interface Progress {
  /** "engine": the WebAssembly, which reports its start and its end; "model": the weights. */
  stage: "engine" | "model";
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all, 0 while unknown. */
  total: number;
}

export type Device = "auto" | "cpu" | "webgpu";

export interface DeviceChange {
  /** What computes from now on. */
  device: "cpu" | "webgpu";
  /** The browser's name for the GPU; "" where it gives none. */
  name: string;
  /** A sentence for people if WebGPU was wanted and is not used; "" otherwise. */
  message: string;
}

export interface SegmenterOptions {
  /**
   * The model: the address of a safetensors file, or its bytes. Default: the model beside this
   * module. A model that came from an address is kept in the browser (Cache Storage) under that
   * address: give a changed model another address, or another query such as `?v=2`. An address may be
   * relative to the page, or in a worker to the worker's script.
   */
  model?: string | URL | Blob | ArrayBuffer | Uint8Array;
  /** See ModelOptions. */
  sha256?: string;
  /**
   * Where to compute. "auto" (default): the CPU segments the first photo. After it, where the browser
   * has WebGPU, the library loads an engine for that too, has both segment the photo and keeps the
   * faster. "webgpu": the CPU takes over where there is no WebGPU, or when it fails.
   */
  device?: Device;
  /**
   * "int8": multiplies bytes, by far the fastest. "float": float32 throughout. Default: what suits
   * the model, "int8" if its weights are int8, "float" if they are float.
   */
  arithmetic?: "int8" | "float";
  /**
   * How many threads compute, 1 to 64. Default: one for each core, at most 8. Threads share memory,
   * which browsers allow only to pages that are cross-origin isolated (two headers, see the README),
   * and some to none: elsewhere there is one, whatever is asked for. The mask is the same for every
   * number.
   */
  threads?: number;
  /** Has operations timed where the device can tell: see `times`. They then take longer. */
  profile?: boolean;
  /** Told while the engine and the model load, also when a dead engine is started again. */
  onProgress?: (progress: Progress) => void;
  /** Told when another device computes, and when WebGPU was asked for and cannot be had. */
  onDevice?: (change: DeviceChange) => void;
  /** Gives up loading, downloads too: the promise rejects with code "aborted". */
  signal?: AbortSignal;
}

export interface SegmentOptions {
  /** Default: the first of the model's `decoders`. */
  decoder?: Decoder;
  /** The photo's short side, in pixels, when it enters the network: up to 16384. 0 keeps the photo's own size. Default: the model's `size`. */
  size?: number;
  /** Side of the square window that slides over the photo, in pixels: at least a patch. 0 (default) takes the photo whole. */
  window?: number;
  /** Step of the window, in pixels, at most its side. Needed with `window`. */
  stride?: number;
  /**
   * For the frames of a video: from 0 (default, none) to below 1, the part that scores of frames
   * before keep where the picture has not changed. Frames of another size begin anew.
   */
  smoothing?: number;
  /**
   * Has edges in the mask follow those in the picture that the network saw. Default: false. With a
   * window, they stay as they are.
   */
  refine?: boolean;
  /**
   * "photo" (default): the mask has the photo's size, and what the network sees is resized as the
   * network's authors do. "network": the browser resizes the photo to what the network sees, and the
   * mask has one and a half times that size, to be drawn larger: faster, for video.
   */
  maskSize?: "photo" | "network";
  /**
   * false leaves the mask with the engine (on the GPU if that computes), so the result has none:
   * `classAt`, `paint` and `readMask` ask for it, until the next photo. Default: true.
   */
  mask?: boolean;
  /** Has the engine paint the mask, as `overlay` of the result. true: every class in its colour. */
  overlay?: boolean | Painting;
  /** Gives up this request: its promise rejects with code "aborted". */
  signal?: AbortSignal;
  /** With a window: told how many windows are done, of how many. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** How a mask becomes a picture. */
export interface Painting {
  /** The picture's size in pixels, at most 8192 a side. Default: the mask's, or what of it fits. */
  width?: number;
  height?: number;
  /** "#rrggbb" or "#rrggbbaa" by class id; others are left clear. Default: the model's colours. */
  colours?: Record<number, string>;
  /** Where a white line is drawn between classes: everywhere (default), nowhere, or around one. */
  borders?: "all" | "none" | number;
}

export interface OperationTime {
  operation: string;
  calls: number;
  milliseconds: number;
  /** Additions and multiplications; 0 where they do not matter. */
  work: number;
}

export interface ClassInfo {
  /** The value that stands for the class in a mask. */
  id: number;
  name: string;
  /** "#rrggbb" */
  colour: string;
}

export interface ClassArea extends ClassInfo {
  /** Pixels of the photo. */
  area: number;
  /** Part of the photo, from 0 to 1. */
  share: number;
}

export interface Segmentation {
  /** The photo's size in pixels, upright. */
  width: number;
  height: number;
  /** A class id for each pixel, row by row: height × width. */
  mask: Uint8Array;
  /** With the option `overlay`: `close()` it when done. */
  overlay?: ImageBitmap;
  /** The classes in the photo, the largest first. */
  classes: ClassArea[];
  /** What the network saw: the size of its input in pixels, and how many windows of the photo. */
  network: { height: number; width: number; windows: number };
  /** Milliseconds: decoding the photo, resizing it, the network, giving pixels their class; and all of it. */
  timings: { decode: number; prepare: number; network: number; classify: number; total: number };
}

/** What the network says of each patch, before that is brought to the photo's size. */
export interface Scores {
  /** The patches of the photo; with a sliding window, those of each window. */
  rows: number;
  cols: number;
  classes: number;
  /** windows × rows × cols × classes: the scores of all classes for one patch after the other. */
  values: Float32Array;
}

/** What the encoder makes of each patch; both decoders see nothing else of the photo. */
export interface Features {
  /** The patches of the photo; with a sliding window, those of each window. */
  rows: number;
  cols: number;
  /** How many values a patch has. */
  width: number;
  /** windows × rows × cols × width: the values of one patch after the other. */
  values: Float32Array;
}

/** A line that somebody drew on a photo. */
export interface Stroke {
  /** In pixels of the photo, from its upper left corner. One point is a dot. */
  points: { x: number; y: number }[];
  /** How wide the line is, in pixels of the photo. */
  width: number;
  /** Whether it shows what is *not* the class. Default: false. */
  not?: boolean;
}

/** What is shown of a class on a photo. */
export interface Lesson {
  photo: Photo;
  /** The class. If there is one of that name among those taught, it learns more. */
  name: string;
  /** "#rrggbb". Default: one unlike the others. */
  colour?: string;
  /**
   * All strokes on this photo. Given another time for the same File, Blob or ImageBitmap, they take the
   * place of those before, if no other photo was shown of that class in between; none then take them back.
   */
  strokes: Stroke[];
  /** As for `segment`: show photos as they will be segmented. */
  size?: number;
  /** Gives up. */
  signal?: AbortSignal;
}

export interface TaughtClass {
  name: string;
  colour: string;
  /** Whether masks leave it out. */
  off: boolean;
  /** How many strokes showed it. */
  strokes: number;
  /** The value that stands for the class in a mask; null while it is off. Ids follow those of the model's own classes. */
  id: number | null;
}

export interface ModelInfo {
  name: string;
  /** What tells its encoder from others; the same for a model and its quantised form. */
  encoder: string;
  /** Those that the model has, the better one first. */
  decoders: Decoder[];
  classes: ClassInfo[];
  licence: string;
  /** Where it comes from. */
  source: string;
  /** Side of a patch, in pixels. */
  patch: number;
  /** The short side, in pixels, at which the model sees photos best: the default of `size`. */
  size: number;
  /** Transformer blocks of the encoder, and attention heads of each. */
  depth: number;
  heads: number;
  /** How many numbers were learned. */
  parameters: number;
  /** How the weights are stored, such as "int8" or "float32". */
  precision: string;
}

export interface ModelOptions {
  /** The file's SHA-256, 64 hexadecimal digits: another file is refused with code "bad-model", reason "hash". */
  sha256?: string;
  /** Told while the model loads. */
  onProgress?: (progress: Progress) => void;
  /** Gives up, as long as the model has not arrived: the promise rejects with code "aborted". */
  signal?: AbortSignal;
}

/** A model of a list, with what the list says of it: "", 0 or none where it says nothing. */
export interface ListedModel {
  /** A short name, for programs and addresses. */
  name: string;
  /** The name for people. */
  title: string;
  /** For `useModel`. */
  address: string;
  bytes: number;
  sha256: string;
  /** The names of its classes. */
  classes: string[];
  parameters: number;
  precision: string;
  licence: string;
  source: string;
  /** Whether the browser keeps it, so that it needs no network. */
  stored: boolean;
}

export interface ClassEmbeddings {
  classes: number;
  width: number;
  /** classes × width: vectors of length 1. */
  values: Float32Array;
}

/** How much the tokens of a window look at each other. Patches count row by row. */
export interface Attention {
  /** Patches of the window. */
  readonly rows: number;
  readonly cols: number;
  /** Transformer blocks of the encoder, and heads of each. */
  readonly blocks: number;
  readonly heads: number;

  /**
   * What a patch, or the class token, looks at in a block (default: the last), by one head or the mean
   * of all (default): rows × cols values. What is missing to a sum of 1 falls to tokens that are no patches.
   */
  map(patch: number | "class", options?: { block?: number; head?: number | "mean" }): Float32Array;

  /**
   * The same over all blocks: the means of their heads, each averaged with the residual connection,
   * multiplied ("attention rollout", Abnar and Zuidema 2020). The first call takes about a second, in
   * slices of a few milliseconds.
   */
  rollout(patch: number | "class", options?: { signal?: AbortSignal; onProgress?: (share: number) => void }): Promise<Float32Array>;
}

export class Segmenter {
  private constructor();

  /**
   * Starts the engine and loads a model.
   *
   * @example
   * const segmenter = await Segmenter.create();
   * const { classes } = await segmenter.segment(file);
   * console.log(classes.map(({ name, share }) => `${name} ${Math.round(100 * share)} %`));
   */
  static create(options?: SegmenterOptions): Promise<Segmenter>;

  /** What the model file says of itself. */
  readonly model: ModelInfo;

  /**
   * Changes the model. Until the new one is there, the one before goes on, so live pictures never
   * stop; requests that wait then are answered by the new one, with its first decoder where it lacks
   * theirs. If anything fails, the one before stays. A call replaces the one before that still loads,
   * which rejects with code "aborted". A download that breaks off goes on where it stopped, also at
   * the next call.
   *
   * @example
   * const [first] = await listModels("models.json");
   * await segmenter.useModel(first.address, { sha256: first.sha256 });
   */
  useModel(model: string | URL | Blob | ArrayBuffer | Uint8Array, options?: ModelOptions): Promise<void>;

  /** The device that computes. */
  readonly device: "cpu" | "webgpu";

  /** Changes the device, as the option `device` would have chosen it. */
  useDevice(device: Device): Promise<void>;

  /** How many threads compute. */
  readonly threads: number;

  /** Aborts when `dispose` is called. */
  readonly disposed: AbortSignal;

  /**
   * Segments a photo. Requests run one at a time, in the order of the calls. Files are decoded at
   * their turn; everything else is copied at the call, so that it may change or be closed after it.
   * Image elements are copied once they have arrived (lazy ones are loaded at once), video elements
   * once they show a frame; a request waits for them no longer than until it is aborted.
   * If the engine dies at a photo, because the browser ends one of its threads, it is started again
   * and the photo repeated, once.
   */
  segment(photo: Photo, options: SegmentOptions & { mask: false }): Promise<Omit<Segmentation, "mask">>;
  segment(photo: Photo, options?: SegmentOptions): Promise<Segmentation>;

  /** Paints the mask that the photo segmented last left with the engine (`mask: false`). `close()` it when done. */
  paint(painting?: Painting): Promise<ImageBitmap>;

  /** The class of one pixel of the mask that the photo segmented last left with the engine. */
  classAt(x: number, y: number): Promise<number>;

  /** The mask that the photo segmented last left with the engine: height × width class ids. */
  readMask(): Promise<Uint8Array>;

  /**
   * With the option `profile`: what the device's operations took since the last call, the longest
   * first. Empty where nothing times them: on the CPU, and where WebGPU has no timestamps.
   */
  times(): Promise<OperationTime[]>;

  /**
   * How sure the model is of a class at every pixel of the photo segmented last: height × width
   * values from 0 to 1, row by row.
   */
  probabilities(classId: number): Promise<Float32Array>;

  /**
   * A matte of some classes, for the photo segmented last: height × width values, row by row, from 255
   * (one of them, for sure) to 0 (another). Between, the best of them and the best of the others are
   * close: 128 and more where the mask has one of them, specks aside. With `refine`, its edges follow
   * the picture.
   */
  matte(classIds: number[]): Promise<Uint8Array>;

  /** The network's scores of the photo segmented last. */
  scores(): Promise<Scores>;

  /**
   * The classes that were taught, with the model's encoder as it is. `model.classes` has them too, but
   * for those that are off. Another model with the same encoder keeps them; others have none.
   */
  readonly taught: TaughtClass[];

  /**
   * Teaches a class by strokes on a photo: from the next photo on, masks show it, live pictures too.
   * What is not marked teaches as well: where the model is sure of another class, this one is not.
   *
   * @example
   * const points = [{ x: 120, y: 80 }, { x: 180, y: 95 }];
   * await segmenter.teach({ photo: file, name: "lighthouse", strokes: [{ points, width: 12 }] });
   * const { classes } = await segmenter.segment(another);
   */
  teach(lesson: Lesson): Promise<TaughtClass>;

  /** Renames a class that was taught, gives it another colour, or switches it off or on. */
  changeTaught(name: string, change: { name?: string; colour?: string; off?: boolean }): Promise<void>;

  /** Forgets a class that was taught. */
  forget(name: string): Promise<void>;

  /** The classes that were taught, with what they learned from, as a file for `importTaught` and `segment -teach`. */
  exportTaught(): Blob;

  /**
   * Adds the classes of a file to those that were taught, in place of those of the same names. A file of
   * another encoder is refused with code "bad-option".
   */
  importTaught(file: Blob | ArrayBuffer | Uint8Array, options?: {
    /** The file is from exportTaught and nobody else had it: it is taken as it is, in place of what was taught. */
    own?: boolean;
  }): Promise<void>;

  /** What the encoder made of each patch of the photo segmented last. */
  features(): Promise<Features>;

  /**
   * What attention looked at in the photo segmented last, or in one of its windows. The encoder runs
   * once more for each block, up to it: about as long as six photos in all.
   *
   * @example
   * const attention = await segmenter.attention();
   * const seen = attention.map(200, { block: 11 }); // rows × cols values: what patch 200 looks at
   */
  attention(options?: { window?: number; signal?: AbortSignal; onProgress?: (share: number) => void }): Promise<Attention>;

  /**
   * What the mask transformer made of each class embedding for the photo segmented last, or for its
   * first window. The nearer two are, the more alike the classes look to it.
   */
  classEmbeddings(): Promise<ClassEmbeddings>;

  /**
   * Gives up the running request and all that wait; their promises reject with code "aborted" at once.
   * A model that has arrived is still switched to.
   */
  abort(): void;

  /** Ends the engine and frees its memory; whatever is open rejects with code "disposed" at once. */
  dispose(): void;
}

/**
 * The models of a list: a JSON file such as the site's `models.json`, `{ "models": [{ "name", "address",
 * … }] }`, with the fields of ListedModel. Addresses in it are relative to it. Without a network, it is
 * the list as it was when it was read last.
 */
export function listModels(list: string | URL, options?: { signal?: AbortSignal }): Promise<ListedModel[]>;

/**
 * Decodes a photo as `segment` does: upright, in sRGB, also where the browser leaves a file on its
 * side. For callers that also want to show it. Call `close()` on the bitmap when done.
 */
export function decodePhoto(photo: Photo, options?: { signal?: AbortSignal }): Promise<ImageBitmap>;

/**
 * Shrinks a photo that has more pixels, or a longer side, than given, and closes it; gives others
 * back as they are. For callers that draw photos: canvases and the memory of phones have limits.
 */
export function shrinkPhoto(bitmap: ImageBitmap, limits: { maxPixels: number; maxSide: number }): Promise<ImageBitmap>;

/**
 * - "unsupported": the browser lacks something; the message says what
 * - "bad-option":  an option has a value that it cannot have
 * - "network":     the engine or the model could not be downloaded
 * - "bad-model":   the model file is damaged or of another architecture
 * - "no-image":    the photo is no picture that the browser can open
 * - "bad-photo":   the engine cannot work with the photo, or there is none yet
 * - "too-large":   the photo does not fit in memory
 * - "graphics":    WebGPU failed; the CPU segments the next photo
 * - "aborted":     abort() was called, or the signal given
 * - "disposed":    dispose() was called
 * - "internal":    the engine stopped, twice; the next request starts it again
 */
export type SegmenterErrorCode =
  | "unsupported"
  | "bad-option"
  | "network"
  | "bad-model"
  | "no-image"
  | "bad-photo"
  | "too-large"
  | "graphics"
  | "aborted"
  | "disposed"
  | "internal";

/** Every failure. The message is one sentence that says what is wrong and what to do. */
export class SegmenterError extends Error {
  readonly code: SegmenterErrorCode;
  /**
   * Which failure of that code, where there are sentences of their own for it; else "".
   *
   * - "unsupported": "csp" (a Content-Security-Policy forbids WebAssembly: values.owner,
   *   values.directive and values.source say whose, and what to add), "hidden-pixels" (the browser
   *   gives pages noise for pixels until the visitor allows them to read canvases)
   * - "network": "csp" (values.directive of the page's forbids values.url), "refused", "list" (it is none)
   * - "bad-model": "hash" (it has another SHA-256)
   * - "no-image": "empty", "damaged", "unknown", "heic", "kind" (values.kind), "changed" (on disk,
   *   since it was chosen), "unreadable", "ended" (the stream), "unplayable" (the video)
   * - "too-large": "pixels", "model"
   */
  readonly reason: string;
  /** What the message names, such as `file`: for a sentence in another language. */
  readonly values: Record<string, string | number>;
}
