/** All clusters: connected as whom and until when; connect, disconnect. */
export declare function ClusterList(): import("react").JSX.Element;
