/**
 * Posts the session token to the helper, in a new tab that knows nothing of this one. The page never fetches from loopback: a
 * navigation needs no permission of the browser's.
 */
export declare function handOverToHelper(page: Document, helperUrl: string, sessionToken: string): void;
