// Says why the page does not start: where its modules cannot be loaded, or the browser cannot read them.
//
// It owns nothing. It is a script that every browser can read, and comes before the modules, so that it
// hears of their failures. texts.js is a module, too: so the sentences stand here, in both languages.

(function () {
  var page = document.documentElement;
  var isChinese = /^zh/i.test(navigator.language);

  var sentences = {
    outdated: [
      "This browser is too old for Segmenter: use a Chrome, Edge, Firefox or Safari of 2024 or later.",
      "这个浏览器太旧，无法运行Segmenter：请使用2024年或更新的Chrome、Edge、Firefox或Safari。",
    ],
    file: [
      "Segmenter cannot run from a file, since browsers give such a page none of its parts: open it from a server, such as the one that “segment serve” starts.",
      "Segmenter不能直接从文件运行，因为浏览器不允许这样的页面加载它的各个部分：请通过服务器打开，例如用“segment serve”启动的服务器。",
    ],
    network: [
      "A part of this page could not be loaded: check the connection and reload.",
      "页面的一部分无法加载：请检查网络连接后刷新。",
    ],
  };

  function show(reason) {
    if (page.hasAttribute("data-unstarted")) return;
    page.setAttribute("data-unstarted", reason);
    page.setAttribute("data-state", "error");
    var message = document.createElement("p");
    message.className = "message error";
    message.setAttribute("role", "alert");
    message.lang = isChinese ? "zh-CN" : "en";
    message.appendChild(document.createTextNode(sentences[reason][isChinese ? 1 : 0]));
    document.getElementById("messages").appendChild(message);
  }

  // Has the service worker check what it keeps, and starts again if a part was broken.
  function repair() {
    var worker = navigator.serviceWorker && navigator.serviceWorker.controller;
    if (!worker) return;
    var channel = new MessageChannel();
    channel.port1.onmessage = function (answer) {
      var sinceReload = Date.now() - Number(sessionStorage.getItem("segmenter-reloaded")); // offline.js's
      if (!answer.data.broken || !page.hasAttribute("data-unstarted") || sinceReload < 60000) return;
      sessionStorage.setItem("segmenter-reloaded", Date.now());
      location.reload();
    };
    worker.postMessage("check", [channel.port2]);
  }

  if (!("noModule" in HTMLScriptElement.prototype)) {
    show("outdated");
    return;
  }
  addEventListener("error", function (event) {
    var isScript = event.target.localName === "script";
    if (isScript || event.error instanceof SyntaxError) repair();
    if (page.getAttribute("data-state") !== "loading") return;
    var isPage = isScript && /\/app\.js$/.test(event.target.src);
    // Of modules that they cannot read, browsers tell the window.
    if (event.error instanceof SyntaxError) show("outdated");
    else if (isPage) show(location.protocol === "file:" ? "file" : "network");
  }, true);
})();
