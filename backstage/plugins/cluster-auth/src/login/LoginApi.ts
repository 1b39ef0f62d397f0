import { createApiRef } from '@backstage/frontend-plugin-api';

import { LiveValue, SettableValue } from '../LiveValue';

/** A request to log in; the dialog is open while there is one. */
export interface LoginRequest {
  /** If it is left out and there are several, the dialog asks. */
  cluster?: string;
  /** The clusters that the dialog asks about; all of them unless set. */
  clusters?: string[];
  /** A click in the app, unless set; or an address that was opened, to which any site may link. */
  begunBy?: 'click' | 'address';
}

/** Opens the dialog "Get K8s access" from anywhere in the app. */
export interface LoginApi {
  readonly request: LiveValue<LoginRequest | undefined>;
  open(request: LoginRequest): void;
  close(): void;
}

/** The {@link LoginApi} of the app. */
export const loginApiRef = createApiRef<LoginApi>({
  id: 'plugin.cluster-auth.login',
});

/** The request of this page, if there is one. */
export class PageLogin implements LoginApi {
  readonly request = new SettableValue<LoginRequest | undefined>(undefined);

  open(request: LoginRequest) {
    this.request.set(request);
  }

  close() {
    this.request.set(undefined);
  }
}
