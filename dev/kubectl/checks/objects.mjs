import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @typedef {import('../stage.mjs').People} People */

/** @param {string} colour */
const manifest = (colour) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: colours
data:
  colour: ${colour}
`;

/**
 * All that kubectl does without a stream.
 *
 * @param {People} people
 */
export async function objects({ felix, mara }) {
  await reads({ felix, mara });
  await applies({ felix, mara });
  await watches(felix);
}

/** @param {People} people */
async function reads({ felix, mara }) {
  assert.match(await felix.kubectl('auth', 'whoami'), /Username +felix@example\.com\n/);
  assert.match(await mara.kubectl('auth', 'whoami'), /Username +mara@example\.com\n/);
  for (const person of [felix, mara]) {
    assert.match(await person.kubectl('get', 'pods', '-o', 'name'), /^pod\/web-0\npod\/web-1\n$/);
  }
  assert.match(await felix.kubectl('explain', 'configmap.data'), /FIELD: data <map\[string\]string>/);
  assert.match(await felix.kubectl('api-resources', '-o', 'name'), /^deployments\.apps$/m);
  await refused(felix, ['get', 'pods', '-n', 'team-b'], /pods is forbidden: User "felix@example\.com" cannot list resource "pods"/);
  await refused(mara, ['get', 'secrets'], /secrets is forbidden: User "mara@example\.com" cannot list resource "secrets"/);
}

/** @param {People} people */
async function applies({ felix, mara }) {
  const file = join(felix.home, 'colours.yaml');
  const theirs = join(mara.home, 'colours.yaml');
  await writeFile(file, manifest('red'));
  await writeFile(theirs, manifest('yellow'));
  assert.equal(await felix.kubectl('apply', '-f', file), 'configmap/colours created\n');
  assert.equal(await felix.kubectl('apply', '-f', file), 'configmap/colours unchanged\n');
  await writeFile(file, manifest('green'));
  const difference = await felix.try('kubectl', ['diff', '-f', file]);
  assert.equal(difference.code, 1, difference.stderr);
  assert.match(difference.stdout, /^-  colour: red\n\+  colour: green$/m);
  assert.equal(await felix.kubectl('apply', '-f', file), 'configmap/colours configured\n');
  assert.equal((await felix.try('kubectl', ['diff', '-f', file])).code, 0);
  await refused(mara, ['apply', '-f', theirs], /configmaps "colours" is forbidden: User "mara@example\.com" cannot patch/);
  await writeFile(file, manifest('blue'));
  await refused(felix, ['apply', '--server-side', '--field-manager', 'other', '-f', file], /conflict with "kubectl-client-side-apply".*\.data\.colour/s);
  assert.equal(await felix.kubectl('apply', '--server-side', '--force-conflicts', '-f', file), 'configmap/colours serverside-applied\n');
  assert.equal(await mara.kubectl('get', 'configmap', 'colours', '-o', 'jsonpath={.data.colour}'), 'blue');
  assert.match(await felix.kubectl('delete', 'configmap', 'colours'), /^configmap "colours" deleted/);
}

/** @param {import('../person.mjs').Person} felix */
async function watches(felix) {
  const watch = felix.begin('get', 'configmaps', '--watch', '--output-watch-events', '--no-headers', '-l', 'watched');
  try {
    await felix.kubectl('create', 'configmap', 'seen', '--from-literal', 'a=1');
    await felix.kubectl('label', 'configmap', 'seen', 'watched=yes');
    await watch.prints(/^(ADDED|MODIFIED) +seen /m);
    await felix.kubectl('label', 'configmap', 'seen', 'watched=again', '--overwrite');
    await watch.prints(/^MODIFIED +seen /m);
    await felix.kubectl('delete', 'configmap', 'seen');
    await watch.prints(/^DELETED +seen /m);
  } finally {
    await watch.stop();
  }
}

/**
 * @param {import('../person.mjs').Person} person
 * @param {string[]} command
 * @param {RegExp} sentence
 */
export async function refused(person, command, sentence) {
  const { code, stderr } = await person.try('kubectl', command);
  assert.equal(code, 1, `kubectl ${command.join(' ')} was not refused`);
  assert.match(stderr, sentence);
}
