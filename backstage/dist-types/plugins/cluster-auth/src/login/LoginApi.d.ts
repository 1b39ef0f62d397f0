import { LiveValue, SettableValue } from '../LiveValue';
/**
 * Somebody wants to log in; the dialog is open while there is such a wish.
 *
 * @public
 */
export interface LoginRequest {
    /** Left out: the dialog asks, where there are several. */
    cluster?: string;
}
/**
 * Opens the dialog "Get K8s access", from anywhere in the app.
 *
 * @public
 */
export interface LoginApi {
    readonly request: LiveValue<LoginRequest | undefined>;
    open(request: LoginRequest): void;
    close(): void;
}
/**
 * The {@link LoginApi} of the app.
 *
 * @public
 */
export declare const loginApiRef: import("@backstage/frontend-plugin-api").ApiRef<LoginApi, string> & {
    readonly $$type: "@backstage/ApiRef";
};
/** The wish of this page, if there is one. */
export declare class PageLogin implements LoginApi {
    readonly request: SettableValue<LoginRequest | undefined>;
    open(request: LoginRequest): void;
    close(): void;
}
