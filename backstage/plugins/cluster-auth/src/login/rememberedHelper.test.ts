import { mockApis } from '@backstage/test-utils';

import { rememberedHelper } from './rememberedHelper';

describe('rememberedHelper', () => {
  it('remembers a configured address, until it is to be forgotten', () => {
    const storageApi = mockApis.storage();
    const helper = rememberedHelper(storageApi, mockApis.config());
    expect(helper.get()).toBeUndefined();
    helper.set('http://localhost:8888');
    expect(rememberedHelper(storageApi, mockApis.config()).get()).toBe(
      'http://localhost:8888',
    );
    helper.set(undefined);
    expect(helper.get()).toBeUndefined();
  });

  it('knows no address that is not configured', () => {
    const storageApi = mockApis.storage();
    rememberedHelper(storageApi, mockApis.config()).set(
      'http://elsewhere.example.com',
    );
    expect(
      rememberedHelper(storageApi, mockApis.config()).get(),
    ).toBeUndefined();
  });
});
