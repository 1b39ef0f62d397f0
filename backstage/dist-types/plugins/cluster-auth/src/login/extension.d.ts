import type { Problem } from '../api/Problem';
import type { Clock } from '../clock';
/** The browser extension, as far as the page may know of it. */
export interface Extension {
    /** Whether it is there. */
    answers(): Promise<boolean>;
    /** Hands the session over; answers why the extension did not finish the login, or nothing. */
    start(sessionToken: string, signal: AbortSignal): Promise<Problem | undefined>;
}
/** What the page needs to talk to its extension. */
export interface PageOptions {
    page: Window;
    clock: Clock;
    randomId(): string;
}
/** The extension that listens to this page. */
export declare class PageExtension implements Extension {
    private readonly options;
    constructor(options: PageOptions);
    answers(): Promise<boolean>;
    start(sessionToken: string, signal: AbortSignal): Promise<Problem | undefined>;
    private ask;
}
