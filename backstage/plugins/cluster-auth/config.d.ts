export interface Config {
  /** Kubernetes access with the user's own login. */
  clusterAuth?: {
    /** The helper's addresses on a user's machine; loopback addresses only. */
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
    /**
     * The commands that the dialog offers if no helper runs. Those that download it are off until they are configured: anyone could
     * publish under a default name that is not ours.
     */
    commands?: {
      /** `docker run` of an image. */
      docker?: {
        /**
         * The image's name with its registry, such as registry.example.com/backstage-oidc-helper.
         * @visibility frontend
         */
        image: string;
        /**
         * Its tag; docker's default unless set.
         * @visibility frontend
         */
        tag?: string;
      };
      /**
       * The command for an installed program; true unless set.
       * @visibility frontend
       */
      binary?: boolean;
      /** `npx` of a package. */
      npx?: {
        /**
         * The package's name, such as \@example/backstage-oidc-helper.
         * @visibility frontend
         */
        package: string;
        /**
         * Its version or tag; npm's default unless set.
         * @visibility frontend
         */
        tag?: string;
        /**
         * The registry that it comes from; what npm is configured with unless set.
         * @visibility frontend
         */
        registry?: string;
      };
    };
    /**
     * What the dialog tells a person who has no helper yet. The addresses have no default, for the same reason; all of them are https.
     */
    install?: {
      /**
       * Whether it says which way is the easiest on the person's machine; true unless set.
       * @visibility frontend
       */
      suggest?: boolean;
      /**
       * A page that says how to get the helper, such as docs/install.md where your users can read it; the dialog links to it.
       * @visibility frontend
       */
      guide?: string;
      /**
       * Where the browser extension can be had, such as its page in a store. In Chrome, Edge and Firefox on a computer, the dialog then
       * suggests it before everything else.
       * @visibility frontend
       */
      extension?: string;
      /**
       * The same for Firefox, if it is another page.
       * @visibility frontend
       */
      extensionForFirefox?: string;
      /**
       * The install script for Linux and macOS, beside the archives and checksums.txt of a release.
       * @visibility frontend
       */
      script?: string;
      /**
       * The Scoop manifest for Windows.
       * @visibility frontend
       */
      scoop?: string;
    };
  };
}
