import { connected, unconnected } from '../__testUtils__/ClusterAuthStandIn';
import { tellExtension } from './tellExtension';

const STATUS = {
  user: 'user:default/felix',
  clusters: [
    { ...connected, email: 'felix@example.com' },
    { ...unconnected, name: 'staging', title: 'Staging', reason: 'expired' },
  ],
};

describe('tellExtension', () => {
  it('says which clusters there are, to this page alone, and not as whom one is connected', () => {
    const said = jest.spyOn(window, 'postMessage').mockReturnValue();
    tellExtension(STATUS, { page: window, randomId: () => 'id-1' });
    const { name, title, expiresAt } = connected;
    expect(said.mock.calls).toEqual([
      [
        {
          source: 'cluster-auth-page',
          type: 'state',
          id: 'id-1',
          clusters: [
            { name, title, connected: true, expiresAt },
            {
              name: 'staging',
              title: 'Staging',
              connected: false,
              reason: 'expired',
            },
          ],
        },
        window.location.origin,
      ],
    ]);
    said.mockRestore();
  });

  it('says nothing in a frame', () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const page = frame.contentWindow!;
    const said = jest.spyOn(page, 'postMessage');
    tellExtension(STATUS, { page, randomId: () => 'id-1' });
    expect(said).not.toHaveBeenCalled();
    frame.remove();
  });
});
