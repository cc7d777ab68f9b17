// Browsers without modules run only this script of the site. It says that they are too old.
document.getElementById("messages").innerHTML = /^zh/i.test(navigator.language)
  ? '<p class="message" lang="zh-CN">这个浏览器太旧，无法运行Segmenter：请使用2024年或更新的Chrome、Edge、Firefox或Safari。</p>'
  : '<p class="message">This browser is too old for Segmenter: use a Chrome, Edge, Firefox or Safari of 2024 or later.</p>';
