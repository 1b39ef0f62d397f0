/** Where the tests leave their logs and homes. */
export const LOGS = 'target/test-output/kubectl';
