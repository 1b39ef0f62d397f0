import { request } from 'node:http';

/**
 * @typedef {object} PodTable as kubectl asks for it
 * @property {string[]} headings
 * @property {string[][]} rows
 */

/** What kubectl sends to get a table instead of objects. */
const AS_TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/**
 * Asks the backend, as kubectl would: fetch() would add Sec-Fetch-Mode, and the proxy is not for pages.
 *
 * @param {string} backend
 * @param {string} path below /api/cluster-auth
 * @returns {Promise<{status: number, body: Record<string, unknown>}>}
 */
export function ask(backend, path) {
  return new Promise((resolve, reject) => {
    const sent = request(`${backend}/api/cluster-auth${path}`, { headers: { accept: AS_TABLE } }, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) {
          chunks.push(chunk);
        }
        resolve({ status: response.statusCode ?? 0, body: Object(JSON.parse(Buffer.concat(chunks).toString('utf8'))) });
      } catch (error) {
        reject(error);
      }
    });
    sent.once('error', reject).end();
  });
}

/**
 * @param {string} backend
 * @param {string} cluster
 * @param {string} namespace
 * @returns {Promise<{pods: PodTable} | {refusal: string}>} the pods, or why there are none, in Kubernetes' own words
 */
export async function podsIn(backend, cluster, namespace) {
  const { status, body } = await ask(backend, `/clusters/${cluster}/proxy/api/v1/namespaces/${namespace}/pods`);
  if (status !== 200) {
    return { refusal: `${status}, ${body['message']}` };
  }
  const columns = /** @type {{name: string}[]} */ (body['columnDefinitions'] ?? []);
  const rows = /** @type {{cells: unknown[]}[]} */ (body['rows'] ?? []);
  return { pods: { headings: columns.map(({ name }) => name), rows: rows.map(({ cells }) => cells.map(String)) } };
}

/**
 * @param {PodTable} table
 * @returns {string} as kubectl prints it
 */
export function printed({ headings, rows }) {
  const lines = [headings.map((heading) => heading.toUpperCase()), ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd()).join('\n');
}
