import { runCommand } from '../setup/command.mjs';

/**
 * Makes a bare Debian in a folder, from the mirror that this machine gets its packages from.
 *
 * @param {string} folder
 * @param {string} log
 */
export async function bootstrapDebian(folder, log) {
  await runCommand({ line: ['sh', '-c', DEBOOTSTRAP, 'sh', folder], log });
}

/** The mirror is the first that apt has for Debian's main archive; without one, debootstrap uses its default. */
const DEBOOTSTRAP = `
mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' 'Component: main' 'Created-By: Packages' | head -n 1)
exec debootstrap --variant=minbase bookworm "$1" $mirror`;
