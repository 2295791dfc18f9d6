/** Texts in which blocks stand in the place of passages that staff took out. */

/** Cut a text into what can be read and the passages that are withheld. */
export function piecesOf(text) {
  return text
    .split(/(█+)/u)
    .map((piece, at) => ({ text: piece, isPassage: at % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}
