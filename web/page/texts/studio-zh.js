// Chinese, for the studio.
//
// It owns what that says in Chinese; texts.js is sent it when the studio is loaded.

export const texts = {
  "studio.tools": "工具",
  "studio.close": "完成",
  "studio.edit": "编辑",
  "studio.teach": "教新类别",
  "studio.views": "内部",
  "studio.export": "导出",
};
