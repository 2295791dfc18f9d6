/** No module, as it comes before the frame's own script does: the theme that the server keeps is the one that counts. */
localStorage.setItem("adminTheme", JSON.stringify(document.currentScript.dataset.theme));
