import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';

import { apply, stepsIn, variablesIn } from './document.mjs';

const DOCUMENT = `# Title
\`\`\`sh
echo before the section
\`\`\`
## Install
<!-- run by \`make stock-app\` -->
\`\`\`sh
yarn add a
yarn add b
\`\`\`
<!-- not run: nobody is there -->
\`\`\`sh
yarn start
\`\`\`
\`\`\`diff
@@ app.yaml @@
 auth:
-  guest: {}
+  guest:
+    user: me
@@ other.ts @@
 start();
+go();
\`\`\`
\`\`\`yaml
# app.yaml
an: example
\`\`\`
### Try it
\`\`\`env
URL=http://x/?a=b
NAME=n
\`\`\`
`;

const folder = await mkdtemp(join(tmpdir(), 'document-'));
after(() => rm(folder, { recursive: true }));

it('the steps of a section are its diffs and its marked commands, in their order', () => {
  assert.deepEqual(stepsIn(DOCUMENT, '## Install'), [
    { kind: 'run', commands: 'yarn add a\nyarn add b' },
    { kind: 'change', file: 'app.yaml', before: ['auth:', '  guest: {}'], after: ['auth:', '  guest:', '    user: me'] },
    { kind: 'change', file: 'other.ts', before: ['start();'], after: ['start();', 'go();'] },
  ]);
  assert.throws(() => stepsIn(DOCUMENT, '## Uninstall'), /no section/);
});

it('the variables of a section are read', () => {
  assert.deepEqual(variablesIn(DOCUMENT, '### Try it'), { URL: 'http://x/?a=b', NAME: 'n' });
});

it('a diff without a file is refused', () => {
  assert.throws(() => stepsIn('## Install\n```diff\n+a\n```\n', '## Install'), /begins with "\+a"/);
});

const change = { kind: /** @type {const} */ ('change'), file: 'app.yaml', before: ['auth:', '  guest: {}'], after: ['auth:', '  none: {}'] };

it('a change leaves the rest of the file as it is', async () => {
  await writeFile(join(folder, 'app.yaml'), 'app: 1\nauth:\n  guest: {}\nlast: 2\n');
  await apply(folder, change);
  assert.equal(await readFile(join(folder, 'app.yaml'), 'utf8'), 'app: 1\nauth:\n  none: {}\nlast: 2\n');
});

it('a change whose place is not there, or is there twice, fails and names the file', async () => {
  await writeFile(join(folder, 'app.yaml'), 'auth:\n  github: {}\n');
  await assert.rejects(apply(folder, change), /app\.yaml has 0 places/);
  await writeFile(join(folder, 'app.yaml'), 'auth:\n  guest: {}\nauth:\n  guest: {}\n');
  await assert.rejects(apply(folder, change), /app\.yaml has 2 places/);
});
