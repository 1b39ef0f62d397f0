/** Asks for the cluster, where it is not certain. */
export declare function ClusterChoice(props: {
    onChoose: (cluster: string) => void;
    onClose: () => void;
}): import("react").JSX.Element;
