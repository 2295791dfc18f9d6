/** A note that something was done: it floats, and leaves by itself unless somebody reads or reaches for it. */

const SHOWN_MS = 12_000;

export function mountToast(notes) {
  if (notes.querySelector(".notice-error, .notice-warning")) return;
  notes.dataset.toast = "";
  let timer = null;
  const leave = () => {
    timer = setTimeout(() => notes.remove(), SHOWN_MS);
  };
  const stay = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) notes.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) notes.addEventListener(name, leave);
  leave();
}
