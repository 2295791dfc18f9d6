/** A field as high as its text, where the browser does not do that by itself (`field-sizing`). */

export function fitHeight(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "0";
  field.style.height = `${field.scrollHeight}px`;
}
