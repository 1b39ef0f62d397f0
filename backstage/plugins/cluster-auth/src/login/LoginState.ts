import type { Session } from '../api/ClusterAuthApi';
import type { Problem } from '../api/Problem';
import type { Command } from './commands';

/** Where the session was handed over to, and what is known of the result. */
export type HandOver =
  | { to: 'none' }
  | { to: 'extension' }
  /** `quiet`: there was no progress for some seconds. */
  | { to: 'helper'; helperUrl: string; quiet: boolean }
  /** The user copied a command. */
  | { to: 'command'; kind: Command['kind'] };

/** A pending login. */
export interface OpenLogin {
  step: 'open';
  session: Session;
  /** When the session ends, by this machine's clock. */
  endsAt: number;
  /** `exchanging`: the user has logged in, and the backend redeems the code. */
  progress: 'pending' | 'exchanging';
  handOver: HandOver;
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
