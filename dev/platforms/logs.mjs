/** Where everything of `make platforms` is kept. */
export const LOGS = 'target/platforms';
