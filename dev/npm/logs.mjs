import { inRepository } from '../setup/repository.mjs';

/** Where everything of `make npm` is kept. */
export const LOGS = 'target/npm';

/** The released files that it makes. */
export const RELEASE_FILES = inRepository(LOGS, 'release-files');
