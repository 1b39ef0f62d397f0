/** One login in the dialog, from its beginning to its end. */
export declare function Login(props: {
    cluster: string;
    onClose: () => void;
    onAgain: () => void;
}): import("react").JSX.Element;
