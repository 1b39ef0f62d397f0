import type { HelperPlace } from '../login/settings';
/** The helper that is running already: one click. */
export declare function HelperWay(props: {
    helperUrls: Record<HelperPlace, string>;
    place: HelperPlace;
    onPlace: (place: HelperPlace) => void;
    onUse: () => void;
}): import("react").JSX.Element;
