/**
 * The card for an entity with Kubernetes resources: which clusters the user is connected to, and the button "Get K8s access".
 *
 * @public
 */
export declare function GetAccessCard(): import("react").JSX.Element;
