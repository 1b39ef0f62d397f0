import Button from '@material-ui/core/Button';
import ButtonGroup from '@material-ui/core/ButtonGroup';

/** One of a few. */
export function Choice<T extends string>(props: {
  title: string;
  choices: T[];
  names: Record<T, string>;
  chosen: T;
  onChoose: (choice: T) => void;
}) {
  const { title, choices, names, chosen, onChoose } = props;
  return (
    <ButtonGroup size="small" aria-label={title}>
      {choices.map(each => (
        <Button
          key={each}
          aria-pressed={each === chosen}
          variant={each === chosen ? 'contained' : 'outlined'}
          onClick={() => onChoose(each)}
        >
          {names[each]}
        </Button>
      ))}
    </ButtonGroup>
  );
}
