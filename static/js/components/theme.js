/** The theme switch: like the form behind it, without the reload; the server keeps the choice. */

const COLORS = { light: "#f7f9f8", dark: "#0f1413" };

export function mountTheme(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(event.submitter.value);
    const body = new FormData(form, event.submitter);
    fetch(form.action, { method: "POST", body, keepalive: true }).catch(() => {});
  });
}

function choose(theme) {
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme === "system" ? "light dark" : theme;
  document.querySelectorAll('meta[name="theme-color"]').forEach((meta) => meta.remove());
  for (const name of theme === "system" ? ["light", "dark"] : [theme]) {
    const meta = document.createElement("meta");
    meta.name = "theme-color";
    meta.content = COLORS[name];
    if (theme === "system") meta.media = `(prefers-color-scheme: ${name})`;
    document.head.append(meta);
  }
  for (const button of document.querySelectorAll('[data-component="theme"] button')) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
