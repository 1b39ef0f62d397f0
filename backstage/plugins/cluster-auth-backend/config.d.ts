export interface Config {
  clusterAuth?: {
    /**
     * Where the cluster-auth backend listens, such as http://cluster-auth:7008, without a path. All requests to
     * /api/cluster-auth are forwarded to it.
     * @visibility backend
     */
    backendUrl?: string;
  };
}
