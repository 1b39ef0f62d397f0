import { errorApiRef, useApi } from '@backstage/core-plugin-api';
import { useEffect } from 'react';
import useCopyToClipboard from 'react-use/esm/useCopyToClipboard';

/** Copies a text, and says so where the browser refuses. */
export function useCopy(): (text: string) => void {
  const errorApi = useApi(errorApiRef);
  const [{ error }, copy] = useCopyToClipboard();
  useEffect(() => {
    if (error) {
      errorApi.post(error);
    }
  }, [error, errorApi]);
  return copy;
}
