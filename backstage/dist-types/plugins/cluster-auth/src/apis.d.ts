import { ClusterAuthClient } from './api/ClusterAuthClient';
import { PageLogin } from './login/LoginApi';
import { SharedClusterStatus } from './status/SharedClusterStatus';
export declare const clusterAuthApiFactory: import("@backstage/frontend-plugin-api").ApiFactory<import("./api/ClusterAuthApi").ClusterAuthApi, ClusterAuthClient, {
    discoveryApi: import("@backstage/frontend-plugin-api").DiscoveryApi;
    fetchApi: import("@backstage/frontend-plugin-api").FetchApi;
}>;
export declare const clusterStatusApiFactory: import("@backstage/frontend-plugin-api").ApiFactory<import("./status/ClusterStatusApi").ClusterStatusApi, SharedClusterStatus, {
    clusterAuthApi: import("./api/ClusterAuthApi").ClusterAuthApi;
}>;
export declare const loginApiFactory: import("@backstage/frontend-plugin-api").ApiFactory<import("./login/LoginApi").LoginApi, PageLogin, {
    [x: string]: unknown;
}>;
