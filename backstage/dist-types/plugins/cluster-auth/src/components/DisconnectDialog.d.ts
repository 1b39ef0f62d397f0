import { ClusterStatus } from '../api/ClusterAuthApi';
/** Asks before a login is forgotten, and says what became of it where that is worth saying. */
export declare function DisconnectDialog(props: {
    cluster: ClusterStatus;
    onClose: () => void;
}): import("react").JSX.Element;
