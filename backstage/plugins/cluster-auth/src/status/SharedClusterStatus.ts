import type { ClusterAuthApi, Status } from '../api/ClusterAuthApi';
import { problemOf } from '../api/Problem';
import { SettableValue } from '../LiveValue';
import type { ClusterStatusApi, KnownStatus } from './ClusterStatusApi';

/** Concurrent calls share one answer; a call during an earlier request gets the answer of a new one. */
export class SharedClusterStatus implements ClusterStatusApi {
  readonly known = new SettableValue<KnownStatus>({});
  private running?: Promise<KnownStatus>;
  private next?: Promise<KnownStatus>;

  constructor(
    private readonly clusterAuthApi: ClusterAuthApi,
    /** Hears each answer. */
    private readonly tell: (status: Status) => void = () => {},
  ) {}

  refresh(): Promise<KnownStatus> {
    if (!this.running) {
      return this.begin();
    }
    this.next ??= this.running.then(() => {
      this.next = undefined;
      return this.begin();
    });
    return this.next;
  }

  private begin(): Promise<KnownStatus> {
    this.running = this.ask().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async ask(): Promise<KnownStatus> {
    try {
      this.known.set({ status: await this.clusterAuthApi.getStatus() });
    } catch (error) {
      this.known.set({ ...this.known.get(), problem: problemOf(error) });
    }
    const { status, problem } = this.known.get();
    if (status && !problem) {
      this.tell(status);
    }
    return this.known.get();
  }
}
