/**
 * A value that changes, and can be followed; made for React's `useSyncExternalStore`.
 *
 * @public
 */
export interface LiveValue<T> {
    /** What it is now; the same object until it changes. */
    get(): T;
    /** Calls the listener after each change, until the returned function is called. */
    subscribe(listener: () => void): () => void;
}
/** A live value that its owner sets. */
export declare class SettableValue<T> implements LiveValue<T> {
    private value;
    private readonly listeners;
    constructor(value: T);
    readonly get: () => T;
    readonly subscribe: (listener: () => void) => () => void;
    set(value: T): void;
}
