export interface Config {
  clusterAuth?: {
    /**
     * Where the cluster-auth backend listens, such as http://cluster-auth:7008, without a path. Unset, discovery is asked
     * for the plugin `cluster-auth`.
     * @visibility backend
     */
    backendUrl?: string;

    /** How the Kubernetes backend uses it. */
    kubernetes?: {
      /**
       * Register Backstage's own auth strategies again, which it leaves out as soon as one is added. False where another
       * module registers them. Default true.
       * @visibility backend
       */
      builtInAuthStrategies?: boolean;

      /**
       * Explain in the Kubernetes tab why a cluster is blank. False where another module adds a fetcher, as there can be
       * only one: the tab then shows that the cluster answered 401. Default true.
       * @visibility backend
       */
      explainingFetcher?: boolean;
    };
  };
}
