/** Time, passed in so that tests can hold it. */
export interface Clock {
    now(): number;
    /** Calls back once; the returned function prevents that. */
    after(milliseconds: number, callback: () => void): () => void;
}
export declare const systemClock: Clock;
