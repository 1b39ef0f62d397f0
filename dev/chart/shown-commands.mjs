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
 * Runs the commands of docs/helm.md one after the other in one shell, as they are written there, in a folder with the files that it names.
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
    const env = { ...admin.variables, PATH: `${join(folder, 'bin')}:${admin.variables['PATH']}` };
    await writeFile(join(folder, 'commands.sh'), commands.replaceAll(' portal', ` ${namespace}`));
    // One shell for all, as people have. It says each line before it runs it.
    const script = promisify(execFile)('sh', ['-euv', 'commands.sh'], { cwd: folder, env });
    await Promise.all([script, endTest(admin, namespace)]).catch((error) => {
      throw new Error(`${DOCUMENT} shows commands of which the last one fails: ${error.stderr || error.message}`);
    });
    return commands.split('\n').length;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * What kubelet and the container would do for the pod of `helm test`: it succeeds.
 *
 * @param {import('../kubectl/person.mjs').Person} admin
 * @param {string} namespace
 */
async function endTest(admin, namespace) {
  const pod = ['pod', 'cluster-auth-backstage-oidc-helper-check', '--namespace', namespace];
  await admin.kubectl('wait', ...pod, '--for=create', '--timeout=2m');
  await admin.kubectl('patch', ...pod, '--subresource=status', '--type=merge', '--patch={"status":{"phase":"Succeeded"}}');
}

/** @param {string} document @returns {string} the marked blocks, also those in lists */
function commandsOf(document) {
  const blocks = [...document.matchAll(/^( *)(<!-- .* -->)\n\1```sh\n([\s\S]*?)\n\1```$/gm)].filter(([, , marker]) => marker === RUN);
  const commands = blocks.flatMap(([, indent = '', , block = '']) => block.split('\n').map((line) => line.slice(indent.length)));
  if (commands.length < 16) {
    throw new Error(`${DOCUMENT} has only ${commands.length} commands that are marked`);
  }
  return commands.join('\n');
}

/** @param {string} document @returns {string} the block that is values.yaml */
function valuesOf(document) {
  const [, values] = /```yaml\n(# values\.yaml\n[\s\S]*?)```/.exec(document) ?? [];
  if (values === undefined) {
    throw new Error(`${DOCUMENT} has no values.yaml`);
  }
  return values;
}
