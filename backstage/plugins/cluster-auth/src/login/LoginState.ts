import type { Session } from '../api/ClusterAuthApi';
import type { Problem } from '../api/Problem';

/** Who has been given the session, and what came of that as far as can be known here. */
export type HandOver =
  | { to: 'nobody' }
  | { to: 'extension' }
  /** `quiet`: some seconds went by, and the login has not moved on. */
  | { to: 'helper'; helperUrl: string; quiet: boolean };

/** A login that is under way. */
export interface OpenLogin {
  step: 'open';
  session: Session;
  /** When the session ends, by this machine's clock. */
  endsAt: number;
  /** `exchanging`: the person has logged in, the backend redeems what came back. */
  progress: 'pending' | 'exchanging';
  handOver: HandOver;
  /** Whether the backend answered last time. */
  backend: 'answers' | 'away';
  /** Why the extension did not take it. */
  refusal?: Problem;
}

/** How far a login is. */
export type LoginState =
  | { step: 'registering' }
  | OpenLogin
  | { step: 'complete'; cluster: string; user: string }
  | { step: 'failed'; problem: Problem };
