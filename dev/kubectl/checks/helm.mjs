import assert from 'node:assert/strict';

import { inRepository } from '../../setup/repository.mjs';

const CHART = inRepository('dev/kubectl/chart');

/**
 * A release from its installation to its end.
 *
 * @param {import('../person.mjs').Person} felix
 * @param {'helm3' | 'helm4'} program
 */
export async function release(felix, program) {
  const helm = async (/** @type {string[]} */ ...args) => {
    const { code, stdout, stderr } = await felix.try(program, args);
    assert.equal(code, 0, `${program} ${args.join(' ')} for ${felix.name}: ${stderr}`);
    return stdout;
  };
  const greeting = () => felix.kubectl('get', 'configmap', program, '-o', 'jsonpath={.data.greeting}');
  assert.match(await helm('install', program, CHART), /^STATUS: deployed$/m);
  assert.equal(await greeting(), 'hello');
  assert.equal(await felix.kubectl('get', 'secret', program, '-o', 'jsonpath={.data.password}'), Buffer.from('only for tests').toString('base64'));
  assert.match(await helm('upgrade', program, CHART, '--set', 'greeting=moin,withSecret=false,replicas=2'), /^REVISION: 2$/m);
  assert.equal(await greeting(), 'moin');
  assert.equal(await felix.kubectl('get', 'deployment', program, '-o', 'jsonpath={.spec.replicas}'), '2');
  assert.match((await felix.try('kubectl', ['get', 'secret', program])).stderr, /NotFound/);
  assert.match(await helm('history', program), /^1\s.*\ssuperseded\s.*\n2\s.*\sdeployed\s/m);
  await helm('rollback', program, '1');
  assert.equal(await greeting(), 'hello');
  assert.match(await helm('list', '--short'), new RegExp(`^${program}$`, 'm'));
  assert.match(await helm('uninstall', program), /uninstalled/);
  assert.equal(await felix.kubectl('get', 'configmaps,secrets,services,deployments', '-o', 'name', '-l', `app.kubernetes.io/instance=${program}`), '');
}
