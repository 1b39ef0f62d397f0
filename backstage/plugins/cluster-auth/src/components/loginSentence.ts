import type { LoginState, OpenLogin } from '../login/LoginState';

/** The progress and the next step; screen readers announce each change. */
export function loginSentence(state: LoginState, cluster: string): string {
  switch (state.step) {
    case 'registering':
      return 'Preparing the login…';
    case 'complete':
      return `Connected to ${cluster}.`;
    case 'failed':
      return state.problem.message;
    default:
      return openSentence(state, cluster);
  }
}

function openSentence(login: OpenLogin, cluster: string): string {
  const { progress, handOver, backend } = login;
  if (backend === 'away') {
    return 'The cluster-auth backend cannot be reached. Go on with your login: this dialog tries again by itself.';
  }
  if (progress === 'exchanging') {
    return 'You have logged in. The login is being completed…';
  }
  if (handOver.to === 'extension') {
    return handOver.quiet
      ? 'Still waiting for your login. If your browser extension has opened no tab, take another way.'
      : 'Your browser extension has opened the login. Go on there.';
  }
  if (handOver.to === 'helper' && handOver.quiet) {
    return `Still waiting for your login. If the new tab says that ${handOver.helperUrl} cannot be reached, no helper is running there: start it, choose the other address below, or use a command. If there is no new tab, allow pop-ups for Backstage.`;
  }
  if (handOver.to === 'command') {
    return 'Paste the command into a terminal, and go on there. This dialog follows your login.';
  }
  if (handOver.to === 'helper') {
    return 'Go on in the tab that has opened.';
  }
  return ownSentence(login, cluster);
}

/** Nothing has the login yet. */
function ownSentence(login: OpenLogin, cluster: string): string {
  const { session, extension, refusal } = login;
  if (refusal) {
    return refusal.message;
  }
  if (extension === 'expected') {
    return 'Preparing the login…';
  }
  if (extension === 'missed') {
    return 'Your browser extension, which logged you in the last time, does not answer: switch it on, or use another way.';
  }
  return `You are about to connect ${session.user} to ${cluster}.`;
}
