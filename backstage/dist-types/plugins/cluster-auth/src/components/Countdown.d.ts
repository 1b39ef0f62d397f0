/** How long the login may still take. A timer is not read out each second. */
export declare function Countdown(props: {
    until: string;
}): import("react").JSX.Element;
