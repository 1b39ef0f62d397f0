import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { IMAGE } from '../image/inspection.mjs';
import { build, configurePodman, podman, pullNothing } from '../image/podman.mjs';
import { inRepository } from '../setup/repository.mjs';
import { fileName, RELEASE_FILES } from './project.mjs';

/** Debian's own list of authorities, without those that only this machine trusts. */
const AUTHORITIES = '/usr/share/ca-certificates/mozilla';

const BUILT = inRepository('target/release-image');

/** Docker's names of the processors. */
const PROCESSORS = { x64: 'amd64', arm64: 'arm64' };

/**
 * Builds the last stage of the Dockerfile around a program, as an archive that `docker load` reads.
 *
 * @param {import('./targets.mjs').Target} target
 * @param {string} program
 * @param {import('./packages.mjs').Release} release
 */
export async function packImage(target, program, { project, commit }) {
  await configurePodman();
  pullNothing();
  await provideBuilt(program);
  const processor = PROCESSORS[target.cpu];
  const tag = `${IMAGE}:${project.version}-${processor}`;
  const options = [
    `--platform=linux/${processor}`,
    `--build-context=build=${BUILT}`,
    '--layers=false',
    `--timestamp=${commit.seconds}`,
    `--build-arg=VERSION=${project.version}`,
    `--build-arg=REVISION=${commit.commit}`,
  ];
  await build(tag, inRepository('Dockerfile'), options);
  const file = join(RELEASE_FILES, fileName(project, target, '_image.tar'));
  await rm(file, { force: true });
  await podman('save', '--quiet', '--format', 'docker-archive', '--output', file, `localhost/${tag}`);
}

/**
 * Puts the program and the authorities where the stage that compiles has them.
 *
 * @param {string} program
 */
async function provideBuilt(program) {
  await rm(BUILT, { recursive: true, force: true });
  await mkdir(join(BUILT, 'build'), { recursive: true });
  await mkdir(join(BUILT, 'etc/ssl/certs'), { recursive: true });
  await copyFile(program, join(BUILT, 'build/backstage-oidc-helper'));
  const names = (await readdir(AUTHORITIES)).sort();
  const certificates = await Promise.all(names.map((name) => readFile(join(AUTHORITIES, name), 'utf8')));
  await writeFile(join(BUILT, 'etc/ssl/certs/ca-certificates.crt'), certificates.join(''));
}
