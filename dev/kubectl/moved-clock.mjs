import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's package has it in the folder of the machine's kind, such as x86_64-linux-gnu. This one is for programs of several threads. */
const LIBRARIES = '/usr/lib';
const LIBRARY = 'faketime/libfaketimeMT.so.1';

/**
 * A wall clock for programs that are started with its variables: libfaketime moves it, and dev/setup/moved-programs.mjs has taught Go's programs the
 * same. Their timers run as ever.
 */
export class MovedClock {
  #folder;
  #library;
  #aheadSeconds = 0;

  /**
   * @param {string} folder
   * @param {string} library
   */
  constructor(folder, library) {
    this.#folder = folder;
    this.#library = library;
  }

  /** One that is right so far. */
  static async start() {
    const library = (await readdir(LIBRARIES)).map((folder) => join(LIBRARIES, folder, LIBRARY)).find((file) => existsSync(file));
    if (library === undefined) {
      throw new Error(`there is no ${LIBRARY} below ${LIBRARIES}: install libfaketime, which Debian's faketime brings along`);
    }
    const clock = new MovedClock(await mkdtemp(join(tmpdir(), 'moved-clock-')), library);
    await clock.pass(0);
    return clock;
  }

  /** @returns {Record<string, string>} what a program is started with */
  get variables() {
    return { LD_PRELOAD: this.#library, FAKETIME_TIMESTAMP_FILE: this.#file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  }

  get #file() {
    return join(this.#folder, 'ahead');
  }

  /** @param {number} seconds */
  async pass(seconds) {
    this.#aheadSeconds += seconds;
    // In its place and at its length, in one step: each reads it whenever it asks for the time.
    const file = await open(this.#file, this.#aheadSeconds === 0 ? 'w' : 'r+');
    await file.write(`+${String(this.#aheadSeconds).padStart(7, '0')}`, 0);
    await file.close();
  }

  async stop() {
    await rm(this.#folder, { recursive: true });
  }
}
