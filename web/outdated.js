// For browsers that do not know modules, which is all that they run of this site: says so.
document.getElementById("messages").innerHTML =
  '<p class="message">This browser is too old for Segmenter: use a Chrome, Edge, Firefox or Safari of 2024 or later.</p>';
