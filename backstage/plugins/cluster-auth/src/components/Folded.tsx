import Box from '@material-ui/core/Box';
import Button from '@material-ui/core/Button';
import { useId, useState } from 'react';

/** Folded until it is asked for, or needed. */
export function Folded(props: {
  title: string;
  isNeeded?: boolean;
  children: JSX.Element;
}) {
  const { title, isNeeded = false, children } = props;
  const contentId = useId();
  const [choice, setChoice] = useState<boolean>();
  const isUnfolded = choice ?? isNeeded;
  return (
    <Box mt={2}>
      <Button
        size="small"
        aria-expanded={isUnfolded}
        aria-controls={contentId}
        onClick={() => setChoice(!isUnfolded)}
      >
        {title}
      </Button>
      <Box id={contentId} mt={1} hidden={!isUnfolded}>
        {isUnfolded && children}
      </Box>
    </Box>
  );
}
