import { inRepository } from '../setup/repository.mjs';
import { startProgram } from './logged-program.mjs';

/**
 * Starts the Backstage of backstage/app: its backend from source, its frontend as it was built.
 *
 * @param {{logs: string, variables: Record<string, string>}} options variables: what its app-config.yaml asks for
 */
export async function startBackstageApp({ logs, variables }) {
  const line = [
    process.execPath, '--no-node-snapshot', '--require', '@backstage/cli/config/nodeTransform.cjs',
    'src/index.ts', '--config', '../app-config.yaml',
  ];
  const backstage = startProgram('backstage', line, {
    logs,
    folder: inRepository('backstage/app/backend'),
    variables: { ...variables, CATALOG_FILE: inRepository('backstage/app/catalog.yaml') },
  });
  try {
    await backstage.line(/The catalog has been read/);
  } catch (error) {
    // Or the next one would find its port taken.
    backstage.kill();
    throw error;
  }
  return backstage;
}
