export interface Config {
  /** Kubernetes access by a login of one's own. */
  clusterAuth?: {
    /** Where the helper is on a user's machine; loopback addresses only. */
    helperUrls?: {
      /**
       * The helper as a program; http://localhost:8888 unless set.
       * @visibility frontend
       */
      native?: string;
      /**
       * The helper in a container; http://localhost:8000 unless set.
       * @visibility frontend
       */
      container?: string;
    };
    /** The commands that the dialog offers where no helper runs; false hides one. */
    commands?: {
      /** @visibility frontend */
      docker?: boolean;
      /** @visibility frontend */
      binary?: boolean;
      /** @visibility frontend */
      npx?: boolean;
    };
  };
}
