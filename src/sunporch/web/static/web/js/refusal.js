// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Why something was refused, in the form that the whole house uses: a stable id, what happened, what to do next.
 *
 * The ids are those of the programs in Python, so that one table of translations and one set of vectors serve both.
 */

/** @typedef {{where?: string, [name: string]: string | number | Refusal | undefined}} Params */

// The languages besides English that there is a table for: `refusals.<language>.js`.
const LANGUAGES = ["es"];

/**
 * Fill the `{name}` of a sentence; another refusal becomes its sentence, as a reason.
 * @param {string} text
 * @param {Params} params
 * @param {(refusal: Refusal) => string} say
 */
function filled(text, params, say) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value instanceof Refusal) return say(value).replace(/\.$/, "");
    return value === undefined ? whole : String(value);
  });
}

/** A failure that a person can read. */
export class Refusal extends Error {
  /**
   * @param {string} id stable, `room.noun-verb`
   * @param {string} what one sentence: what happened
   * @param {string} next one sentence: what to do
   * @param {Params} [params] `where`: the file, field or entry; others fill the `{name}` of both sentences
   */
  constructor(id, what, next, params = {}) {
    const inEnglish = (/** @type {Refusal} */ reason) => reason.what;
    super(filled(what, params, inEnglish));
    this.name = "Refusal";
    this.id = id;
    this.what = this.message;
    this.next = filled(next, params, inEnglish);
    this.where = params.where ?? "";
    this.params = params;
  }
}

/**
 * Return a maker of one kind of refusal.
 * @param {string} id
 * @param {string} what
 * @param {string} next
 * @returns {(params?: Params) => Refusal}
 */
export const kind = (id, what, next) => (params) => new Refusal(id, what, next, params);

/**
 * Return both sentences in the language of the page, in English where its table has none for this id.
 * @param {Refusal} refusal
 * @returns {Promise<[what: string, next: string]>}
 */
export async function said(refusal) {
  const language = document.documentElement.lang;
  if (!LANGUAGES.includes(language)) return [refusal.what, refusal.next];
  /** @type {{SENTENCES: Record<string, [string, string]>}} */
  const { SENTENCES } = await import(`./refusals.${language}.js`);
  const say = (/** @type {Refusal} */ one, /** @type {0 | 1} */ which) =>
    one.id in SENTENCES
      ? filled(SENTENCES[one.id][which], one.params, (reason) => say(reason, 0))
      : [one.what, one.next][which];
  return [say(refusal, 0), say(refusal, 1)];
}
