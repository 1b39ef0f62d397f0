import { mockApis } from '@backstage/frontend-test-utils';

import { readLoginSettings } from './settings';

function read(clusterAuth: object) {
  const data = JSON.parse(JSON.stringify({ clusterAuth }));
  return readLoginSettings(mockApis.config({ data }));
}

describe('readLoginSettings', () => {
  it('needs none', () => {
    expect(readLoginSettings(mockApis.config())).toEqual({
      helperUrls: {
        native: 'http://localhost:8888',
        container: 'http://localhost:8000',
      },
      commands: ['docker', 'binary', 'npx'],
    });
  });

  it('hides commands', () => {
    const commands = { docker: false, npx: false };
    expect(read({ commands }).commands).toEqual(['binary']);
  });

  it('takes another port', () => {
    const helperUrls = { native: 'http://127.0.0.1:18888/' };
    expect(read({ helperUrls }).helperUrls.native).toBe(
      'http://127.0.0.1:18888',
    );
  });

  it.each(['https://evil.example', 'http://localhost.evil.example:8888'])(
    'refuses to hand sessions to another machine: %s',
    native => {
      expect(() => read({ helperUrls: { native } })).toThrow(
        "clusterAuth.helperUrls.native must be on the user's own machine",
      );
    },
  );
});
