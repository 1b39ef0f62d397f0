import type { Session } from '../api/ClusterAuthApi';
import type { Problem } from '../api/Problem';
import type { Command } from './commands';

/** Where the session was handed over to, and what is known of the result. */
export type HandOver =
  | { to: 'none' }
  /** `quiet`: there was no progress for some seconds, or the user came back without any. */
  | { to: 'extension'; quiet: boolean }
  | { to: 'helper'; helperUrl: string; quiet: boolean }
  /** The user copied a command. */
  | { to: 'command'; kind: Command['kind'] };

/**
 * Whether the browser extension answers.
 *
 * - `asked`: it may answer yet.
 * - `expected`: the same, and it will most likely be the way, so that no other is shown meanwhile.
 * - `missed`: it does not answer, and the last login came through it.
 */
export type ExtensionSeen =
  | 'asked'
  | 'expected'
  | 'there'
  | 'absent'
  | 'missed';

/** A pending login. */
export interface OpenLogin {
  step: 'open';
  session: Session;
  /** When the session ends, by this machine's clock. */
  endsAt: number;
  /** `exchanging`: the user has logged in, and the backend redeems the code. */
  progress: 'pending' | 'exchanging';
  handOver: HandOver;
  extension: ExtensionSeen;
  /** Whether the backend answered the last request. */
  backend: 'answers' | 'away';
  /** Why the extension refused it. */
  refusal?: Problem;
}

/** The state of a login. */
export type LoginState =
  | { step: 'registering' }
  | OpenLogin
  | { step: 'complete'; cluster: string; user: string }
  | { step: 'failed'; problem: Problem };
