/** A note that something was done: it floats, and leaves by itself unless somebody reads or reaches for it. */

const SHOWN_MS = 12_000;

export function mountToast(notes) {
  if (notes.querySelector(".notice-error, .notice-warning")) return;
  notes.dataset.toast = "";
  // Above what one writes, and never on it: the composer's dock carries the note where there is one.
  document.querySelector("[data-dock]")?.prepend(notes);
  let timer = null;
  const stay = () => clearTimeout(timer);
  const leave = () => {
    stay();
    timer = setTimeout(() => {
      // Whoever goes with the pointer may have the keys on "Undo" still, and the other way round.
      if (!notes.matches(":hover, :focus-within")) notes.remove();
    }, SHOWN_MS);
  };
  for (const name of ["pointerenter", "focusin"]) notes.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) notes.addEventListener(name, leave);
  leave();
}
