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
  // a picture that cannot be had takes its frame with it
  document.addEventListener("error", function (event) {
    var img = event.target;
    if (img && img.tagName === "IMG") {
      var frame = img.closest(".picture, figure");
      if (frame) {
        frame.hidden = true;
        if (frame.parentNode.classList) { frame.parentNode.classList.remove("pictured"); }
      }
    }
  }, true);
  // after a thank-you for a hidden picture the picture goes at once
  document.addEventListener("htmx:afterSwap", function (event) {
    var thanks = event.target.querySelector ? event.target.querySelector(".thanks") : null;
    if (thanks) { thanks.setAttribute("tabindex", "-1"); thanks.focus(); }
  });
})();
