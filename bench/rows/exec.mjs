import { readFile } from 'node:fs/promises';

import { CLIENT_ID } from '../../dev/cluster/token-issuer.mjs';
import { StartedCluster } from '../../dev/cluster/started-cluster.mjs';
import { goProgram } from '../../dev/setup/go-programs.mjs';
import { processorSeconds } from '../measuring/processes.mjs';
import { limitOf } from '../measuring/verdict.mjs';
import { startAround } from '../parties/around.mjs';
import { execBytes } from '../parties/exec-client.mjs';
import { logIn, tokenOf } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { startReverseProxy } from '../peers/nginx.mjs';
import { Ours } from '../peers/ours.mjs';
import { versions } from '../programs.mjs';
import { USER } from './calls.mjs';
import { rowOf } from './row.mjs';

/** @typedef {{megabytesPerSecond: number, megabytesPerProcessorSecond?: number}} Exec */

/** Enough for a second of the server's time, which is counted in hundredths. */
const BYTES = 1_000_000_000;
const MB = 1e6;

const COMMAND = ['head', '-c', String(BYTES), '/dev/zero'];
const PATH = `/api/v1/namespaces/team-a/pods/web-0/exec?stdout=true&${COMMAND.map((part) => `command=${encodeURIComponent(part)}`).join('&')}`;
const PROXY = '/api/cluster-auth/clusters/dev/proxy';

/** What a command in a pod says. @type {import('./row.mjs').Group} */
export const EXEC = {
  name: 'exec',
  measure: (scale) => Parts.around(async (parts) => {
    const around = await startAround(parts);
    const cluster = await parts.add(StartedCluster.start(around.issuer, CLIENT_ID, ['--node', goProgram('node')]));
    const [plugin = ''] = around.signing.pluginTokens(USER, 1);
    const candidates = [];
    let idToken = '';
    for (const { name, binary } of versions()) {
      const { backstage, issuer } = around;
      const ours = await parts.add(Ours.start(`exec-${name.replaceAll(' ', '-')}`, binary, { backstage, issuer, cluster }, { kind: 'process' }));
      await logIn(ours.url, around.signing.userToken(USER));
      idToken ||= await tokenOf(ours.url, plugin);
      candidates.push({ name, sample: () => session(`${ours.url}${PROXY}${PATH}`, { bearer: plugin }, ours.pid) });
    }
    const nginx = await parts.add(startReverseProxy('nginx-exec', { api: cluster, bearer: idToken, accessLog: true, carries: 'bulk' }));
    candidates.push({ name: 'nginx with an access log', sample: () => session(`${nginx.url}${PATH}`, { bearer: idToken }, nginx.pid) });
    const ca = await readFile(cluster.caFile, 'utf8');
    candidates.push({ name: 'direct', sample: () => session(`${cluster.url}${PATH}`, { bearer: idToken, ca }) });
    return [await rowOf({
      title: 'Exec throughput',
      about: `One session over a WebSocket that brings ${BYTES / MB} MB from the kubelet’s own streaming server, every byte counted. That server, the cluster and the client
share a processor, which is what all of them wait for; what the server takes for it is the second figure.`,
      columns: [
        { figure: 'megabytesPerSecond', heading: 'MB a second', digits: 0 },
        { figure: 'megabytesPerProcessorSecond', heading: 'MB a CPU second', digits: 0, compared: true, better: 'most' },
      ],
    }, candidates, scale.turns)];
  }),
};

/**
 * @param {string} url
 * @param {{bearer: string, ca?: string}} as
 * @param {number} [pid] of the server, where there is one in between
 * @returns {Promise<Exec>}
 */
async function session(url, as, pid) {
  const begun = pid === undefined ? 0 : processorSeconds(pid);
  const [began, client] = [performance.now(), process.cpuUsage()];
  const bytes = await execBytes(url, as);
  const took = (performance.now() - began) / 1000;
  if (bytes !== BYTES) {
    throw new Error(`${bytes} bytes came instead of ${BYTES}`);
  }
  const megabytesPerSecond = bytes / MB / took;
  if (pid === undefined) {
    return { megabytesPerSecond };
  }
  const used = processorSeconds(pid) - begun;
  const { user, system } = process.cpuUsage(client);
  limitOf({ serverShare: used / took, loadShare: (user + system) / 1e6 / took });
  return { megabytesPerSecond, megabytesPerProcessorSecond: bytes / MB / used };
}
