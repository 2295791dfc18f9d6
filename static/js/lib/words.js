/** What the pages say, in the language of the page: English is the key, the server brings the rest. */

let words = {};
let locale;
let plurals;

/**
 * Take the page's words.
 * @param {Record<string, string[]>} catalogue the forms of each English text, in the order of its plurals
 * @param {string} [language] for plurals, numbers and dates
 */
export function setWords(catalogue, language) {
  words = catalogue;
  locale = language;
  plurals = new Intl.PluralRules(language);
}

/** The language in which dates and numbers are written; undefined for the browser's own. */
export function currentLocale() {
  return locale;
}

/** Say a text, with its %(name)s filled in. */
export function t(text, values = {}) {
  return fill(words[text]?.[0] || text, values);
}

/** Say a text that depends on how many there are; %(count)s is written as the language writes numbers. */
export function tn(one, many, count, values = {}) {
  const forms = words[one];
  const text = forms?.[placeOf(count, forms.length)] || (count === 1 ? one : many);
  return fill(text, { count: count.toLocaleString(locale), ...values });
}

/** Which form a number takes: the order of gettext's forms is that of the categories of plurals. */
function placeOf(count, total) {
  const inOrder = ["zero", "one", "two", "few", "many", "other"];
  const known = plurals.resolvedOptions().pluralCategories;
  const place = inOrder.filter((name) => known.includes(name)).indexOf(plurals.select(count));
  return Math.min(place, total - 1);
}

function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
