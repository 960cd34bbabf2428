// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Why something was refused, in the form that the whole house uses: a stable id, what happened, what to do next.
 *
 * The ids are those of the programs in Python, so that one table of translations and one set of vectors serve both.
 */

/** A failure that a person can read. */
export class Refusal extends Error {
  /**
   * @param {string} id stable, `room.noun-verb`
   * @param {string} what one sentence: what happened
   * @param {string} next one sentence: what to do
   * @param {{where?: string, [name: string]: string | number | undefined}} [params] `where`: the file, field or
   *   entry; others fill the `{name}` of both sentences
   */
  constructor(id, what, next, params = {}) {
    const filled = (/** @type {string} */ text) =>
      text.replace(/\{(\w+)\}/g, (whole, name) => (params[name] === undefined ? whole : String(params[name])));
    super(filled(what));
    this.name = "Refusal";
    this.id = id;
    this.what = filled(what);
    this.next = filled(next);
    this.where = params.where ?? "";
    this.params = params;
  }
}

/**
 * Return a maker of one kind of refusal.
 * @param {string} id
 * @param {string} what
 * @param {string} next
 * @returns {(params?: {where?: string, [name: string]: string | number | undefined}) => Refusal}
 */
export const kind = (id, what, next) => (params) => new Refusal(id, what, next, params);
