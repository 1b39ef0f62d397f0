import Button from '@material-ui/core/Button';
import FormControl from '@material-ui/core/FormControl';
import FormControlLabel from '@material-ui/core/FormControlLabel';
import FormLabel from '@material-ui/core/FormLabel';
import Radio from '@material-ui/core/Radio';
import RadioGroup from '@material-ui/core/RadioGroup';
import { makeStyles } from '@material-ui/core/styles';

import type { HelperPlace } from '../login/settings';

const useStyles = makeStyles(
  theme => ({
    place: { display: 'flex', marginTop: theme.spacing(2) },
    label: {
      color: theme.palette.text.primary,
      '&.Mui-focused': { color: theme.palette.text.primary },
    },
  }),
  { name: 'ClusterAuthHelperWay' },
);

/** Logging in through a running helper, with one click. */
export function HelperWay(props: {
  helperUrls: Record<HelperPlace, string>;
  isFirst: boolean;
  place: HelperPlace;
  onPlace: (place: HelperPlace) => void;
  onUse: () => void;
}) {
  const { helperUrls, isFirst, place, onPlace, onUse } = props;
  const classes = useStyles();
  return (
    <>
      <Button
        variant={isFirst ? 'contained' : 'outlined'}
        color="primary"
        onClick={onUse}
      >
        Use the helper
      </Button>
      <FormControl component="fieldset" className={classes.place}>
        <FormLabel component="legend" className={classes.label}>
          Your helper runs
        </FormLabel>
        <RadioGroup
          row
          value={place}
          onChange={(_, chosen) =>
            onPlace(chosen === 'container' ? 'container' : 'native')
          }
        >
          <FormControlLabel
            value="native"
            control={<Radio color="primary" />}
            label={`as a program (${helperUrls.native})`}
          />
          <FormControlLabel
            value="container"
            control={<Radio color="primary" />}
            label={`in a container (${helperUrls.container})`}
          />
        </RadioGroup>
      </FormControl>
    </>
  );
}
