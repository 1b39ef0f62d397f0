/**
 * A system that the program is released for.
 *
 * @typedef {object} Target
 * @property {string} name as in the names of the released files
 * @property {string} triple as in `cargo build --target`
 * @property {'linux' | 'darwin' | 'win32'} os as in Node's `process.platform` and in npm's `os`
 * @property {'x64' | 'arm64'} cpu as in Node's `process.arch` and in npm's `cpu`
 * @property {string} program the name of the executable file
 */

const PROGRAM = 'backstage-oidc-helper';

/** The systems that the program is released for. The Linux ones are static, so that they run on any distribution. @type {Target[]} */
export const TARGETS = [
  { name: 'linux_amd64', triple: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', program: PROGRAM },
  { name: 'linux_arm64', triple: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', program: PROGRAM },
  { name: 'windows_amd64', triple: 'x86_64-pc-windows-gnu', os: 'win32', cpu: 'x64', program: `${PROGRAM}.exe` },
  { name: 'darwin_arm64', triple: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64', program: PROGRAM },
  { name: 'darwin_amd64', triple: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64', program: PROGRAM },
];
