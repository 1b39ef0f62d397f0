import { buffer } from 'node:stream/consumers';
import { constants, gzipSync } from 'node:zlib';

/**
 * @typedef {object} Entry a file in an archive
 * @property {string} name
 * @property {Buffer} content
 * @property {'program' | 'text'} kind whether it can be run
 */

/** As the archives have them on each system that packs them: Windows knows none. */
const MODES = { program: 0o755, text: 0o644 };

// tar-stream and yazl are imported where they are used: when make release starts, it has not installed them yet.

/**
 * The same bytes for the same files: their order, owner and rights are not those of this machine.
 *
 * @param {Entry[]} entries
 * @param {number} seconds the time of each, since 1970
 * @returns {Promise<Buffer>}
 */
export async function tarGz(entries, seconds) {
  const { pack } = await import('tar-stream');
  const tar = pack();
  for (const { name, content, kind } of entries) {
    tar.entry({ name, mode: MODES[kind], mtime: new Date(seconds * 1000), uid: 0, gid: 0, uname: 'root', gname: 'root' }, content);
  }
  tar.finalize();
  return gzipSync(await buffer(tar), { level: constants.Z_BEST_COMPRESSION });
}

/**
 * The same as a zip archive, with its times in UTC.
 *
 * @param {Entry[]} entries
 * @param {number} seconds
 * @returns {Promise<Buffer>}
 */
export async function zip(entries, seconds) {
  const { ZipFile } = await import('yazl');
  const file = new ZipFile();
  for (const { name, content, kind } of entries) {
    file.addBuffer(content, name, { mode: 0o100000 | MODES[kind], mtime: inUtc(seconds), forceDosTimestamp: true });
  }
  file.end();
  return buffer(file.outputStream);
}

/**
 * A zip archive's times have no zone, and yazl writes the local one.
 *
 * @param {number} seconds
 */
function inUtc(seconds) {
  const time = new Date(seconds * 1000);
  return new Date(time.getTime() + time.getTimezoneOffset() * 60_000);
}
