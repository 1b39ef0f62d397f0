import { EventEmitter } from 'node:events';

import { statefulSetUid } from './stateful-sets.mjs';

/**
 * @typedef {object} Pod
 * @property {'v1'} apiVersion
 * @property {'Pod'} kind
 * @property {{name: string, namespace: string, uid: string, resourceVersion: string, creationTimestamp: string,
 *   labels: Record<string, string>, annotations: Record<string, string>, ownerReferences: object[]}} metadata
 * @property {{containers: {name: string, image: string}[], nodeName: string}} spec
 * @property {{phase: string, podIP: string, startTime: string, containerStatuses: {name: string, ready: boolean,
 *   restartCount: number, image: string}[]}} status
 */

/** @type {Record<string, string[]>} */
const NAMES = { 'team-a': ['web-0', 'web-1'], 'team-b': ['api-0', 'api-1'] };

/**
 * The pods there are. Emits `modified` with a pod whenever it changed.
 *
 * @extends {EventEmitter<{modified: [Pod]}>}
 */
export class Pods extends EventEmitter {
  #now;
  #resourceVersion = 100;
  /** @type {Pod[]} */
  #pods;

  /** @param {() => number} now milliseconds since 1970 */
  constructor(now) {
    super();
    // One listener a stream, and streams are what a test opens by the thousand.
    this.setMaxListeners(0);
    this.#now = now;
    this.#pods = Object.entries(NAMES).flatMap(([namespace, names]) =>
      names.map((name, index) => this.#create(namespace, name, index)));
  }

  /** The version of the newest change, as a list carries it. */
  get resourceVersion() {
    return String(this.#resourceVersion);
  }

  /** @param {string} namespace */
  inNamespace(namespace) {
    return this.#pods.filter((pod) => pod.metadata.namespace === namespace);
  }

  /** Changes the first pod of each namespace, as a kubelet that reports a status would. */
  touch() {
    for (const namespace of Object.keys(NAMES)) {
      const pod = this.inNamespace(namespace)[0];
      if (pod) {
        pod.metadata.resourceVersion = this.#nextVersion();
        pod.metadata.annotations['example.com/touched'] = new Date(this.#now()).toISOString();
        this.emit('modified', pod);
      }
    }
  }

  #nextVersion() {
    this.#resourceVersion += 1;
    return String(this.#resourceVersion);
  }

  /**
   * @param {string} namespace
   * @param {string} name
   * @param {number} index
   * @returns {Pod}
   */
  #create(namespace, name, index) {
    const app = name.replace(/-\d+$/, '');
    const created = new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const image = `registry.example.com/${app}:1.0`;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace,
        uid: `00000000-0000-4000-8000-${namespace.charCodeAt(5).toString(16).padStart(10, '0')}${String(index).padStart(2, '0')}`,
        resourceVersion: this.#nextVersion(),
        creationTimestamp: created,
        labels: { app, 'backstage.io/kubernetes-id': app },
        annotations: {},
        ownerReferences: [{
          apiVersion: 'apps/v1', kind: 'StatefulSet', name: app, uid: statefulSetUid(namespace, app), controller: true, blockOwnerDeletion: true,
        }],
      },
      spec: { containers: [{ name: app, image }], nodeName: 'development' },
      status: {
        phase: 'Running',
        podIP: `10.0.0.${10 + index}`,
        startTime: created,
        containerStatuses: [{ name: app, ready: true, restartCount: 0, image }],
      },
    };
  }
}
