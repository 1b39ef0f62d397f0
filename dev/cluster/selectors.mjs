/** @typedef {{metadata: {name: string, labels?: Record<string, string>}}} Labelled */

/** A selector this cluster does not know. */
export class UnknownSelector extends Error {}

/**
 * @param {URLSearchParams} query `labelSelector` with `key=value` and `key` terms, `fieldSelector` with `metadata.name`
 * @returns {(object: Labelled) => boolean}
 * @throws {UnknownSelector}
 */
export function selection(query) {
  const conditions = [
    ...terms(query.get('labelSelector')).map(labelCondition),
    ...terms(query.get('fieldSelector')).map(fieldCondition),
  ];
  return (object) => conditions.every((holds) => holds(object));
}

/** @param {string | null} selector */
function terms(selector) {
  return selector ? selector.split(',') : [];
}

/**
 * @param {string} term
 * @returns {(object: Labelled) => boolean}
 */
function labelCondition(term) {
  const [, key = '', value] = /^([\w./-]+)(?:={1,2}([\w.-]*))?$/.exec(term) ?? [];
  if (!key) {
    throw new UnknownSelector(`unable to parse requirement: ${term}`);
  }
  return ({ metadata }) => (value === undefined ? key in (metadata.labels ?? {}) : metadata.labels?.[key] === value);
}

/**
 * @param {string} term
 * @returns {(object: Labelled) => boolean}
 */
function fieldCondition(term) {
  const name = /^metadata\.name={1,2}(.*)$/.exec(term)?.[1];
  if (name === undefined) {
    throw new UnknownSelector(`field label not supported: ${term}`);
  }
  return ({ metadata }) => metadata.name === name;
}
