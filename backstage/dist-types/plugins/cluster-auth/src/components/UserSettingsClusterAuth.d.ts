/**
 * The section of the user's settings: the same clusters as on the page.
 *
 * @public
 */
export declare function UserSettingsClusterAuth(): import("react").JSX.Element;
