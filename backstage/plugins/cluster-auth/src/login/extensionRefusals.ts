/** Why the extension refuses a login, where it says no more than the code (docs/errors.md). */
const SENTENCES: Record<string, string> = {
  permission_missing:
    "The browser extension lacks a permission that this login needs: allow it on the extension's options page and try again, or use another way.",
  browser_prevents:
    'Your browser does not let the extension catch the end of the login: use another way.',
  redirect_not_caught:
    'The browser extension did not catch the end of the login: use another way.',
  wrong_login_address:
    'The backend sent a login address that the extension does not open: tell the admins of this Backstage, or use another way.',
  backend_unreachable:
    'The browser extension cannot reach the cluster-auth backend: check your network and try again, or use another way.',
  not_confirmed:
    'You did not confirm the login in the browser extension: try again, or use another way.',
  portal_unknown:
    "The browser extension does not know this Backstage: add it on the extension's options page and try again, or use another way.",
};

/** These do not go away by trying again. */
const LASTING = [
  'browser_prevents',
  'redirect_not_caught',
  'wrong_login_address',
];

/** One sentence for a code of the extension: what happened, and what to do next. */
export function extensionSentence(code: string | undefined): string {
  return (
    SENTENCES[code ?? ''] ??
    'The browser extension could not log you in: use another way.'
  );
}

/** Whether the extension may finish the same login after all, once the person has done what it asked for. */
export function mayTryAgain(code: string | undefined): boolean {
  return !LASTING.includes(code ?? '');
}
