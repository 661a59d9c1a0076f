// Small comforts; every page works without them.
(function () {
  "use strict";
  // a checkbox pauses the ticker in CSS alone; here Enter works on it too, and the choice is kept for the visit
  var still = document.getElementById("still");
  if (still) {
    try { still.checked = sessionStorage.getItem("still") === "1"; } catch (e) { /* storage is off */ }
    still.addEventListener("change", function () {
      try { sessionStorage.setItem("still", still.checked ? "1" : "0"); } catch (e) { /* storage is off */ }
    });
    still.addEventListener("keydown", function (event) {
      if (event.key === "Enter") { still.click(); }
    });
  }
  // a picture that cannot be had takes its frame with it, also one that failed before this ran
  function without(img) {
    var frame = img.closest(".picture, figure");
    if (frame) {
      frame.hidden = true;
      if (frame.parentNode.classList) { frame.parentNode.classList.remove("pictured"); }
    }
  }
  document.addEventListener("error", function (event) {
    if (event.target && event.target.tagName === "IMG") { without(event.target); }
  }, true);
  Array.prototype.forEach.call(document.images, function (img) {
    if (img.complete && !img.naturalWidth && img.getAttribute("src")) { without(img); }
  });
  // after a thank-you for a hidden picture the picture goes at once
  document.addEventListener("htmx:afterSwap", function (event) {
    var thanks = event.target.querySelector ? event.target.querySelector(".thanks") : null;
    if (thanks) { thanks.setAttribute("tabindex", "-1"); thanks.focus(); }
  });
})();
