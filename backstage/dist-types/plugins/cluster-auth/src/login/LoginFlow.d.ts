import type { ClusterAuthApi } from '../api/ClusterAuthApi';
import type { Clock } from '../clock';
import { LiveValue } from '../LiveValue';
import type { Extension } from './extension';
import type { LoginState } from './LoginState';
/** What the flow needs of the world. */
export interface LoginFlowOptions {
    clusterAuthApi: ClusterAuthApi;
    clock: Clock;
    extension: Extension;
    /** Submits the session token to the helper at this address, in a new tab. */
    handOverToHelper(helperUrl: string, sessionToken: string): void;
}
/** One login, from register to done; the dialog shows its state. The session token is nowhere but here. */
export declare class LoginFlow {
    private readonly options;
    private readonly current;
    private readonly closing;
    private forgetQuiet;
    constructor(options: LoginFlowOptions);
    get state(): LiveValue<LoginState>;
    /** Begins the login and follows it to its end; never throws. */
    start(cluster: string | undefined): Promise<void>;
    /** Must run in the click's own task: browsers open a tab for a click only. */
    handOverToHelper(helperUrl: string): void;
    /** Nothing goes on afterwards; the session ends by itself. */
    close(): void;
    private register;
    private offerToExtension;
    private isHandedOver;
    private follow;
    private fail;
    private update;
    private set;
}
