// Chinese, for looking inside.
//
// It owns what that says in Chinese; texts.js is sent it when its tab is opened.

export const texts = {
  "views.show": "显示",
  "views.confidence": "把握",
  "views.entropy": "犹豫",
  "views.attention": "注意力",
  "views.similarity": "相似之处",
  "views.classes": "类别分布图",
  "views.confidence-hint": "网络对所选类别有多大把握：胜出类别的概率。",
  "views.entropy-hint": "网络在各类别之间有多犹豫：概率的熵。",
  "views.attention-hint": "指向画面：亮处是网络为理解该处所看的地方。",
  "views.similarity-hint": "指向画面：亮处是编码器特征认为相似的地方。",
  "views.classes-hint": "解码器在这张照片里寻找的东西。它认为相似的类别彼此靠近。",
  "views.block": "层",
  "views.head": "头",
  "views.mean": "全部平均",
  "views.rollout": "各层相乘（rollout）",
  "views.token": "从类别标记出发",
  "views.class": "类别",
  "views.low": "低",
  "views.high": "高",
  "views.loading": "正在查看…",
  "views.surface": "{view}：方向键在画面上移动",
  "views.confidence-here": "{class}：{share}把握",
  "views.entropy-here": "{class}：最大犹豫的{share}",
  "views.attention-here": "它在看：{list}。",
  "views.similarity-here": "相似的是：{list}。",
  "views.plane": "{count}个类别的分布图",
  "views.neighbours": "与{class}最近：{list}",
  "views.neighbour": "{class}（{cosine}）",
};
