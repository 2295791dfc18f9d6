/** Gives the page's words to its scripts. Pages import it first: others speak while they are loaded. */

import { setWords } from "../lib/words.js";

const language = document.documentElement.lang || "en";
// A British reader of the English page keeps British dates.
const own = navigator.languages?.find((name) => name.split("-")[0] === language.split("-")[0]);

setWords(JSON.parse(document.querySelector("#words")?.content.textContent ?? "{}"), own ?? language);
