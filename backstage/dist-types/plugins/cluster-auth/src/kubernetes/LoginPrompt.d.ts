import type { OAuthRequestApi } from '@backstage/frontend-plugin-api';
import type { LoginApi } from '../login/LoginApi';
import type { ClusterStatusApi } from '../status/ClusterStatusApi';
/** Asks for a login in Backstage's own prompt "Login required". */
export declare class LoginPrompt {
    private readonly options;
    private readonly prompt;
    /** The tab asks every few seconds; who has said no is left alone until a login was there in between. */
    private asked;
    constructor(options: {
        clusterStatusApi: ClusterStatusApi;
        oauthRequestApi: OAuthRequestApi;
        loginApi: LoginApi;
    });
    /** Prompts where a cluster lacks a login; ends when that is known, not when the person has answered. Never throws. */
    askWhereNotConnected(): Promise<void>;
}
