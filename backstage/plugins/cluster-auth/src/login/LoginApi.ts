import { createApiRef } from '@backstage/frontend-plugin-api';

import { LiveValue, SettableValue } from '../LiveValue';

/** Somebody wants to log in; the dialog is open while there is such a wish. */
export interface LoginRequest {
  /** Left out: the dialog asks, where there are several. */
  cluster?: string;
}

/** Opens the dialog "Get K8s access", from anywhere in the app. */
export interface LoginApi {
  readonly request: LiveValue<LoginRequest | undefined>;
  open(request: LoginRequest): void;
  close(): void;
}

/** The {@link LoginApi} of the app. */
export const loginApiRef = createApiRef<LoginApi>({
  id: 'plugin.cluster-auth.login',
});

/** The wish of this page, if there is one. */
export class PageLogin implements LoginApi {
  readonly request = new SettableValue<LoginRequest | undefined>(undefined);

  open(request: LoginRequest) {
    this.request.set(request);
  }

  close() {
    this.request.set(undefined);
  }
}
