// Chinese, for the formats of annotations.
//
// It owns what that says in Chinese; texts.js is sent it when something is exported.

export const texts = {
  "format": "格式",
  "format.png": "掩码，PNG",
  "format.png.for": "带调色板的类别编号：可用掩码编辑器打开，也可以在这里重新打开。",
  "format.class": "单个类别",
  "format.class.for": "黑白PNG，该类别处为白色：用于抠图。",
  "format.coco": "COCO，多边形",
  "format.coco.for": "annotations.json：可用于CVAT、Roboflow、Label Studio和FiftyOne。",
  "format.coco-rle": "COCO，游程编码",
  "format.coco-rle.for": "annotations.json，逐像素精确：可用于pycocotools。",
  "format.yolo": "YOLO",
  "format.yolo.for": "labels和data.yaml：可用于Ultralytics。",
  "format.labelme": "LabelMe",
  "format.labelme.for": "与照片放在一起的JSON文件：可用于LabelMe。",
  "format.voc": "Pascal VOC",
  "format.voc.for": "存放PNG掩码的文件夹：可用于CVAT和训练。",
  "format.svg": "SVG",
  "format.svg.for": "轮廓线：可用绘图软件打开。",
  "format.which": "类别",
  "format.tolerance": "误差",
  "format.tolerance-title": "多边形与类别边缘之间允许的距离",
  "format.pixels": "{pixels} px",
  "export.points.other": "{count}个点",
  "export.counting": "正在计算点数",
  "export.save": "保存",
  "export.saving": "正在保存",
};
