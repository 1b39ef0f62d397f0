export interface Config {
  clusterAuth?: {
    /**
     * Where the cluster-auth backend listens, such as http://cluster-auth:7008, without a path. All that comes to
     * /api/cluster-auth is passed on to it.
     * @visibility backend
     */
    backendUrl?: string;
  };
}
