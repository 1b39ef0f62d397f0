import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { LoginDialog } from '../components/LoginDialog';
import { type AppOptions, renderInApp } from './app';

/** A browser in which the last login came through a helper. */
const HELPER_USED = { remembered: { lastWay: 'helper' } };

export async function openDialog(options?: AppOptions & { cluster?: string }) {
  const app = renderInApp(<LoginDialog />, { ...HELPER_USED, ...options });
  const user = userEvent.setup();
  app.show();
  const open = () =>
    act(async () => app.loginApi.open({ cluster: options?.cluster }));
  return { ...app, user, open };
}

export async function dialog() {
  return within(await screen.findByRole('dialog', { name: 'Get K8s access' }));
}

/** The addresses to which forms were submitted. */
export function submissions() {
  const submitted: string[] = [];
  jest
    .spyOn(HTMLFormElement.prototype, 'submit')
    .mockImplementation(function submit(this: HTMLFormElement) {
      submitted.push(this.action);
    });
  return submitted;
}
