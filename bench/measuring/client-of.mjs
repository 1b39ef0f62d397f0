import http from 'node:http';
import https from 'node:https';

/** @param {string} url @returns {typeof http | typeof https} what asks it */
export function clientOf(url) {
  return url.startsWith('https:') ? https : http;
}
