/** The page of clusters, with a header of its own: for the legacy frontend system. */
export declare function ClustersPage(): import("react").JSX.Element;
/** The page of clusters, below a header that is there already. */
export declare function ClustersContent(): import("react").JSX.Element;
