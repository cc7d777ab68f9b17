// Chinese, for teaching classes.
//
// It owns what that says in Chinese; texts.js is sent it when its tab is opened.

export const texts = {
  "teach.hint": "给一样东西起个名字，在它上面画几笔。之后在这张照片、其他照片和实时画面里都能找到它。一切都留在本设备上。",
  "teach.name": "名称",
  "teach.colour": "类别的颜色",
  "teach.unnamed": "东西 {number}",
  "teach.kind": "笔画表示什么",
  "teach.yes": "这是它",
  "teach.no": "这不是它",
  "teach.brush": "笔画",
  "teach.undo": "撤销一笔",
  "teach.new": "新类别",
  "teach.learning": "正在学习…",
  "teach.found": "{name}：占这张照片的 {share}。在这里或其他照片上多画几笔会更准。",
  "teach.off": "{name}已关闭。",
  "teach.not-kept": "此浏览器不保存任何数据：离开前请把类别存为文件。",
  "teach.list": "你教的类别",
  "teach.strokes.one": "{count} 笔",
  "teach.strokes.other": "{count} 笔",
  "teach.shown": "显示{name}",
  "teach.on": "继续教",
  "teach.on-of": "继续教{name}",
  "teach.remove": "删除{name}",
  "teach.save": "保存文件",
  "teach.open": "打开文件",
  "teach.surface": "可以画笔画的照片：方向键移动画笔，按住空格键画",
};
