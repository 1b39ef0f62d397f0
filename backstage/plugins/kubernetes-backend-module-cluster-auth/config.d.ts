export interface Config {
  clusterAuth?: {
    /**
     * Where the cluster-auth backend listens, such as http://cluster-auth:7008, without a path. If unset, discovery of the plugin
     * `cluster-auth` gives the address.
     * @visibility backend
     */
    backendUrl?: string;

    /** How the Kubernetes backend uses it. */
    kubernetes?: {
      /**
       * Register Backstage's own auth strategies again, which it removes as soon as one is added. False if another module
       * registers them. Default true.
       * @visibility backend
       */
      builtInAuthStrategies?: boolean;

      /**
       * Explain in the Kubernetes tab why a cluster is blank. False if another module adds a fetcher, as there can be only
       * one: the tab then shows that the cluster answered 401. Default true.
       * @visibility backend
       */
      explainingFetcher?: boolean;
    };
  };
}
