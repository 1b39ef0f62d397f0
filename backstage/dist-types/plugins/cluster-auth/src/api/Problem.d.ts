/**
 * What went wrong, for a person: a sentence that ends with what to do next.
 *
 * @public
 */
export interface Problem {
    message: string;
    /** One of the stable codes, where the backend answered with one. */
    code?: string;
}
/** Puts whatever was thrown by a call into words. */
export declare function problemOf(error: unknown): Problem;
/** Whether the same call may be answered in a moment: nobody answered, or nobody who could. */
export declare function isTemporary(error: unknown): boolean;
/** How long the answer asks to wait, in milliseconds. */
export declare function retryAfter(error: unknown): number | undefined;
