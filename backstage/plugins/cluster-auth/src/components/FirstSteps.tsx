import { Link } from '@backstage/core-components';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';

import type { FirstStep } from '../login/firstStep';
import { CommandText } from './CommandText';
import { useCopy } from './useCopy';

/** What a person does first who has no helper yet. */
export function FirstSteps(props: { step: FirstStep; guide?: string }) {
  const { step, guide } = props;
  const { sentence, line } = step;
  const copy = useCopy();
  return (
    <>
      <Typography variant="body2">
        {sentence}{' '}
        {guide && (
          <Link to={guide} target="_blank" rel="noopener">
            How to get the helper
          </Link>
        )}
      </Typography>
      {line && (
        <>
          <CommandText>{line}</CommandText>
          <Button
            size="small"
            variant="outlined"
            aria-label="Copy install command"
            onClick={() => copy(line)}
          >
            Copy
          </Button>
        </>
      )}
    </>
  );
}
