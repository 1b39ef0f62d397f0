import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { PROGRAM } from '../demo/program.mjs';
import { goProgram } from '../setup/go-programs.mjs';
import { inRepository } from '../setup/repository.mjs';

const DOCUMENT = 'docs/helm.md';

/** What stands above a block that is run here; tests/whole/documents.rs knows the same words. */
const RUN = '<!-- run by `make chart-real` -->';

/** What the document takes for a person's own kubeconfig. */
const KUBECONFIG = inRepository('tests/backend/from_kubeconfig/rackspace-spot.yaml');

/**
 * Runs the commands of docs/helm.md one after the other, as they are written there, in a folder with the files that it names.
 *
 * @param {import('../kubectl/person.mjs').Person} admin
 * @param {'helm3' | 'helm4'} helm what `helm` is
 * @param {string} namespace in the place of the one that it names
 * @returns {Promise<number>} how many there are
 */
export async function runShownCommands(admin, helm, namespace) {
  const document = await readFile(inRepository(DOCUMENT), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'operator-'));
  try {
    const programs = { helm: goProgram(helm), kubectl: goProgram('kubectl'), 'backstage-oidc-helper': PROGRAM };
    await mkdir(join(folder, 'bin'));
    await Promise.all(Object.entries(programs).map(([name, path]) => symlink(path, join(folder, 'bin', name))));
    await symlink(dirname(inRepository('charts/backstage-oidc-helper')), join(folder, 'charts'));
    await symlink(KUBECONFIG, join(folder, 'kubeconfig.yaml'));
    await writeFile(join(folder, 'values.yaml'), valuesOf(document));
    const commands = commandsOf(document);
    for (const command of commands) {
      const env = { ...admin.variables, PATH: `${join(folder, 'bin')}:${admin.variables['PATH']}` };
      await promisify(execFile)('sh', ['-euc', command.replaceAll(' portal', ` ${namespace}`)], { cwd: folder, env }).catch((error) => {
        throw new Error(`${DOCUMENT} shows: ${command}\nwhich says: ${error.stderr || error.message}`);
      });
    }
    return commands.length;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param {string} document @returns {string[]} one for each line of a marked block */
function commandsOf(document) {
  const blocks = document.split(`${RUN}\n\`\`\`sh\n`).slice(1).map((rest) => rest.split('\n```')[0] ?? '');
  const commands = blocks.flatMap((block) => block.split('\n'));
  if (commands.length < 8) {
    throw new Error(`${DOCUMENT} has only ${commands.length} commands that are marked`);
  }
  return commands;
}

/** @param {string} document @returns {string} the block that is values.yaml */
function valuesOf(document) {
  const [, values] = /```yaml\n(# values\.yaml\n[\s\S]*?)```/.exec(document) ?? [];
  if (values === undefined) {
    throw new Error(`${DOCUMENT} has no values.yaml`);
  }
  return values;
}
