// "Cancel" in Backstage's dialog is told to the backend alone. So the backend is asked about a login where there is a reason to.
import { backendOf } from '../portals';
import { sentence } from '../sentences';
import { type Answer, Backend, type Refusal, type Session } from './backend';
import { endBeforeReturn } from './end';
import { isWaiting, type Login, type Outcome, type Problem } from './login';

/** Asks about those logins that wait for the person, and ends each the session of which is over. */
export async function askAbout(logins: Login[]): Promise<void> {
  await Promise.all(logins.filter(isWaiting).map(ask));
}

/** One question at a time is enough, however often a page gives a reason. */
async function ask({ id, portal, secrets }: Login): Promise<void> {
  const name = `ask:${id}`;
  await navigator.locks.request(name, { ifAvailable: true }, async lock => {
    if (!lock || !secrets) {
      return;
    }
    const backend = new Backend(backendOf(portal));
    const outcome = outcomeOf(await backend.session(secrets.sessionToken));
    if (outcome) {
      await endBeforeReturn(id, outcome);
    }
  });
}

/** How the session ended; nothing where it goes on, or where it is not known. */
function outcomeOf(answer: Answer<Session>): Outcome | undefined {
  if (answer.kind === 'refused') {
    return outcomeOfRefusal(answer.refusal);
  }
  if (answer.kind !== 'ok') {
    return undefined;
  }
  const { status, error } = answer.body;
  switch (status) {
    case 'expired':
      return { kind: 'expired' };
    case 'failed':
      return refused(error ?? { message: sentence('backend_failed') });
    case 'complete':
      // It came another way.
      return over('session_finished');
    default:
      return undefined;
  }
}

function outcomeOfRefusal({ code, message }: Refusal): Outcome | undefined {
  switch (code) {
    case 'session_expired':
      return { kind: 'expired' };
    case 'session_unknown':
      return over(code, message);
    default:
      return undefined;
  }
}

function over(code: string, message?: string): Outcome {
  return refused({
    code,
    message: message ?? sentence('problem_session_over'),
  });
}

function refused(problem: Problem): Outcome {
  return { kind: 'refused', problem };
}
