import { parse } from 'yaml';

/** @typedef {{path: string[], text: string, value: unknown}} Described one commented value */

/** Settings that the chart itself makes of other values, or that are for development and for a person's own machine. */
const NOT_VALUES = [
  'ALLOWED_HOSTS', 'CA_FILE', 'CLUSTER_AUTH_DEV_USER', 'CONFIG_FILE', 'CONTROL_LISTEN', 'KUBELOGIN_CACHE_DIR', 'KUBELOGIN_CACHE_USER', 'LISTEN', 'REDIS_URL',
  'STORE_FILE', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'TOKEN_ENCRYPTION_KEYS',
];
/** Those of all roles that are. */
const OF_ALL_ROLES = ['LOG_FORMAT', 'RUST_LOG'];

/** What a cluster has as a file. */
const FILES = /** @type {Record<string, string>} */ ({ OIDC_CLIENT_SECRET: 'clientSecret', OIDC_PRIVATE_KEY_FILE: 'privateKey', KUBERNETES_CA_FILE: 'kubernetesCa' });

/**
 * The values with their comments, in the order of the file.
 *
 * @param {string} text of values.yaml
 * @returns {Described[]}
 * @throws when a value has none
 */
export function described(text) {
  const values = parse(text);
  const found = /** @type {Described[]} */ ([]);
  const open = /** @type {string[]} */ ([]);
  let comment = '';
  /** Below a commented value nothing has a comment of its own. */
  let within = Number.POSITIVE_INFINITY;
  for (const line of text.split('\n')) {
    const [, said] = /^ *# -- (.+)$/.exec(line) ?? [];
    const [, indent = '', key] = /^( *)([A-Za-z]+):/.exec(line) ?? [];
    if (said !== undefined) {
      comment = said;
    } else if (key !== undefined && indent.length <= within) {
      within = Number.POSITIVE_INFINITY;
      open.splice(indent.length / 2, open.length, key);
      const value = open.reduce((at, name) => at[name], values);
      if (comment !== '') {
        found.push({ path: [...open], text: comment, value });
        within = indent.length;
      } else if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) {
        throw new Error(`values.yaml: ${open.join('.')} has no comment that begins with --`);
      }
      comment = '';
    }
  }
  return found;
}

/** @param {Described[]} values */
export function table(values) {
  const cell = (/** @type {unknown} */ value) => {
    const text = JSON.stringify(value);
    return text.length > 60 ? 'see [values.yaml](values.yaml)' : `\`${text}\``;
  };
  const rows = values.map(({ path, text, value }) => `| \`${path.join('.')}\` | ${cell(value)} | ${text} |`);
  return ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

/**
 * The schema with the comments as its descriptions, and those of clusters from docs/settings.md.
 *
 * @param {any} schema
 * @param {Described[]} values
 * @param {string} settings the text of docs/settings.md
 * @throws when schema, values and settings do not name the same
 */
export function describedSchema(schema, values, settings) {
  const whole = structuredClone(schema);
  for (const { path, text } of values) {
    const at = path.reduce((node, name) => node?.properties?.[name], whole);
    if (at === undefined) {
      throw new Error(`values.schema.json lacks ${path.join('.')}`);
    }
    at.description = text;
  }
  const paths = values.map(({ path }) => path.join('.'));
  same('values.yaml and values.schema.json', paths, leaves(whole, [], new Set(paths)));
  const clusters = rows(settings, 'A cluster of the backend').filter(([name]) => name !== 'CLUSTER_NAME');
  const cluster = whole.definitions.cluster.properties;
  same('a cluster of the schema and docs/settings.md', Object.keys(cluster), clusters.map(([name]) => FILES[name] ?? camelCase(name)));
  for (const [name, meaning] of clusters) {
    cluster[FILES[name] ?? camelCase(name)].description = meaning;
  }
  const backend = rows(settings, 'The backend role').map(([name]) => name).filter((name) => !NOT_VALUES.includes(name));
  same('settings of the schema and docs/settings.md', Object.keys(whole.properties.settings.properties), [...backend, ...OF_ALL_ROLES].map(camelCase));
  return whole;
}

/**
 * @param {any} node
 * @param {string[]} path
 * @param {Set<string>} documented
 * @returns {string[]} what has a description, or should have one
 */
function leaves(node, path, documented) {
  if (documented.has(path.join('.')) || node.properties === undefined) {
    return [path.join('.')];
  }
  // Helm gives every subchart `global`.
  return Object.entries(node.properties).filter(([name]) => name !== 'global').flatMap(([name, child]) => leaves(child, [...path, name], documented));
}

/**
 * @param {string} settings
 * @param {string} chapter
 * @returns {[string, string][]} name and meaning, without links
 */
function rows(settings, chapter) {
  const text = settings.split(`\n## ${chapter}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = text.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return cells.flatMap((row) => (/^`[A-Z_]+`$/.test(row[1] ?? '') ? [[(row[1] ?? '').replaceAll('`', ''), (row.at(-2) ?? '').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')]] : []));
}

/** @param {string} name such as BACKSTAGE_URL */
function camelCase(name) {
  return name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/**
 * @param {string} what
 * @param {string[]} some
 * @param {string[]} others
 */
function same(what, some, others) {
  const only = [...some.filter((name) => !others.includes(name)), ...others.filter((name) => !some.includes(name))];
  if (only.length > 0) {
    throw new Error(`${what} differ in ${only.join(', ')}`);
  }
}
