/** Masks as the files of annotation tools and trainers: COCO, YOLO, LabelMe, Pascal VOC, pictures, SVG. */

import type { ClassInfo } from "./segmenter.js";

/**
 * - "png":      NAME.png, class ids with a palette
 * - "class":    NAME.png, white where the class `class` is
 * - "coco":     annotations.json, a polygon for each region
 * - "coco-rle": annotations.json, exact run lengths for each class
 * - "yolo":     labels/NAME.txt and data.yaml
 * - "labelme":  NAME.json
 * - "voc":      SegmentationClass/NAME.png, labelmap.txt, ImageSets/Segmentation/default.txt
 * - "svg":      NAME.svg
 */
export type AnnotationFormat = "png" | "class" | "coco" | "coco-rle" | "yolo" | "labelme" | "voc" | "svg";

/** All of them. */
export const FORMATS: AnnotationFormat[];

/** Those that have polygons, hence a tolerance. */
export const POLYGONS: AnnotationFormat[];

export interface AnnotationOptions {
  /** Those of the model that made the mask, in the order of their ids. Formats of objects leave out "background". */
  classes: Pick<ClassInfo, "name" | "colour">[];
  /** How far a polygon may be from the edge of its class, in pixels. 0 follows the pixels. Default: 1. */
  tolerance?: number;
  /** The name of the class of the format "class". */
  class?: string;
}

export interface AddOptions {
  /** The photo's size in pixels, where the mask has another, as with `maskSize: "network"`. */
  size?: { width: number; height: number };
  /** Gives up: the promise rejects with code "aborted". */
  signal?: AbortSignal;
}

export interface ExportOptions extends AnnotationOptions, AddOptions {
  format: AnnotationFormat;
  /** The photo's file, which names those of its mask. Default: "photo.jpg". */
  name?: string;
}

/** What `segment` returns, or another mask. */
export interface Mask {
  width: number;
  height: number;
  /** A class id for each pixel, row by row; 255 for those without a class. */
  mask: Uint8Array;
}

export interface AnnotationFile {
  /** A path with slashes, below the folder for all files. */
  name: string;
  blob: Blob;
  /** Whether it is only for `finish`, of this Annotations or of a later one. */
  isPart: boolean;
}

/**
 * The mask of one photo as files, those for all photos together included. It computes in a worker.
 *
 * @example
 * const result = await segmenter.segment(photo);
 * const [{ name, blob }] = await exportMask(result, { format: "labelme", classes: segmenter.model.classes, name: photo.name });
 */
export function exportMask(result: Mask, options: ExportOptions): Promise<AnnotationFile[]>;

/** How many points the polygons of a mask have at a tolerance, those of the class "background" left out. */
export function countPoints(result: Mask, options: AnnotationOptions & AddOptions): Promise<number>;

/**
 * The masks of many photos in one format. It has a worker until `dispose` is called.
 *
 * @example
 * const annotations = new Annotations("coco", { classes: segmenter.model.classes });
 * for (const photo of photos) save(await annotations.add(photo.name, await segmenter.segment(photo)));
 * save(await annotations.finish()); // annotations.json
 * annotations.dispose();
 *
 * function save(files) {
 *   for (const { name, blob, isPart } of files) if (!isPart) …
 * }
 */
export class Annotations {
  constructor(format: AnnotationFormat, options: AnnotationOptions);

  /**
   * Adds a photo, and returns its files. A photo that is given up, or whose mask is refused, is not added.
   *
   * @param name  the path of its file, with slashes, below the folder for all photos
   */
  add(name: string, result: Mask, options?: AddOptions): Promise<AnnotationFile[]>;

  /** Has `finish` count in a photo that an earlier Annotations has added, with the files that `add` returned then. */
  resume(name: string, files: Pick<AnnotationFile, "name" | "blob">[]): void;

  /** The files for all photos together. More can be added after it. */
  finish(options?: { signal?: AbortSignal }): Promise<AnnotationFile[]>;

  /** Ends the worker and frees its memory. */
  dispose(): void;
}
