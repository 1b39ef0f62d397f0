/**
 * @typedef {object} Peer a running server that ours is compared with
 * @property {string} url without a path
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

export {};
