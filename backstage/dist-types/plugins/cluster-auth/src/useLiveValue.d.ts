import { LiveValue } from './LiveValue';
/** The value as it is now; the component renders again when it changes. */
export declare function useLiveValue<T>(value: LiveValue<T>): T;
