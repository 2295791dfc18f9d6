/** The theme switch: like the form behind it, without the reload. */

const YEAR_SECONDS = 31_536_000;
const COLORS = { light: "#f7f9f8", dark: "#0f1413" };

export function mountTheme(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(event.submitter.value);
  });
}

function choose(theme) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
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
