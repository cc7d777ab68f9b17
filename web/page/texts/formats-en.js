// English, for the formats of annotations.
//
// It owns what that says in English; texts.js is sent it when something is exported.

export const texts = {
  "format": "Format",
  "format.png": "Mask, PNG",
  "format.png.for": "Class ids with a palette: for mask editors, and to open here again.",
  "format.class": "One class",
  "format.class.for": "Black and white PNG, white where the class is: for cutting out.",
  "format.coco": "COCO, polygons",
  "format.coco.for": "annotations.json: for CVAT, Roboflow, Label Studio and FiftyOne.",
  "format.coco-rle": "COCO, run lengths",
  "format.coco-rle.for": "annotations.json with exact pixels: for pycocotools.",
  "format.yolo": "YOLO",
  "format.yolo.for": "labels and data.yaml: for Ultralytics.",
  "format.labelme": "LabelMe",
  "format.labelme.for": "A JSON file to lie beside the photo: for LabelMe.",
  "format.voc": "Pascal VOC",
  "format.voc.for": "Folders of PNG masks: for CVAT and for training.",
  "format.svg": "SVG",
  "format.svg.for": "Outlines: for drawing programs.",
  "format.which": "Class",
  "format.tolerance": "Tolerance",
  "format.tolerance-title": "How far a polygon may be from the edge of its class",
  "format.pixels": "{pixels} px",
  "export.points.one": "{count} point",
  "export.points.other": "{count} points",
  "export.counting": "Counting points",
  "export.save": "Save",
  "export.saving": "Saving",
};
