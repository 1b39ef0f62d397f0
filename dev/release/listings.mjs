import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { archiveName, RELEASE_FILES } from './project.mjs';
import { TARGETS } from './targets.mjs';

/** @typedef {import('./project.mjs').Project} Project */
/** @typedef {import('./checksums.mjs').Checksums} Checksums */

/** Homebrew wants at most 80 characters, without a full stop. */
const SUMMARY = 'Own Kubernetes access inside Backstage';

/** The files that package managers read, by name; only their syntax is checked here. */
export const FORMULA = 'backstage-oidc-helper.rb';
export const MANIFEST = 'backstage-oidc-helper.json';

/**
 * Writes the formula for Homebrew and the manifest for Scoop.
 *
 * @param {Project} project
 * @param {Checksums} checksums
 */
export async function writeListings(project, checksums) {
  await writeFile(join(RELEASE_FILES, FORMULA), formula(project, checksums));
  await writeFile(join(RELEASE_FILES, MANIFEST), `${JSON.stringify(manifest(project, checksums), null, 4)}\n`);
}

/**
 * @param {Project} project
 * @param {Checksums} checksums
 * @returns {string} a formula for macOS and Linux
 */
export function formula(project, checksums) {
  const { name, version, license, repository } = project;
  return `# Made by make release. Never run: Homebrew was not there to try it with.
class ${name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')} < Formula
  desc "${SUMMARY}"
  homepage "${repository}"
  version "${version}"
  license "${license}"

  on_macos do
${onProcessors('darwin', project, checksums)}
  end

  on_linux do
${onProcessors('linux', project, checksums)}
  end

  def install
    bin.install "${name}"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/${name} --version")
  end
end
`;
}

/**
 * @param {string} os
 * @param {Project} project
 * @param {Checksums} checksums
 */
function onProcessors(os, project, checksums) {
  const blocks = TARGETS.filter((target) => target.os === os).map((target) => {
    const { url, checksum } = download(target, project, checksums);
    return `    on_${target.cpu === 'arm64' ? 'arm' : 'intel'} do
      url "${url}"
      sha256 "${checksum}"
    end`;
  });
  return blocks.join('\n');
}

/**
 * @param {Project} project
 * @param {Checksums} checksums
 * @returns {object} a manifest for Windows
 */
export function manifest(project, checksums) {
  const { version, license, repository } = project;
  const [target] = TARGETS.filter(({ os }) => os === 'win32');
  if (target === undefined) {
    throw new Error('nothing is released for Windows, so there is nothing that Scoop could install');
  }
  const { url, checksum } = download(target, project, checksums);
  return {
    '##': 'Made by make release. Never run: Scoop was not there to try it with.',
    version,
    description: `${SUMMARY}.`,
    homepage: repository,
    license,
    architecture: { '64bit': { url, hash: checksum } },
    bin: target.program,
    checkver: { github: repository },
    autoupdate: {
      architecture: { '64bit': { url: url.replaceAll(version, '$version') } },
      hash: { url: '$baseurl/checksums.txt' },
    },
  };
}

/**
 * @param {import('./targets.mjs').Target} target
 * @param {Project} project
 * @param {Checksums} checksums
 * @returns {{url: string, checksum: string}}
 */
function download(target, project, checksums) {
  const name = archiveName(project, target);
  const checksum = checksums.get(name);
  if (checksum === undefined) {
    throw new Error(`${name} is not among the released files: build it first`);
  }
  return { url: `${project.repository}/releases/download/v${project.version}/${name}`, checksum };
}
