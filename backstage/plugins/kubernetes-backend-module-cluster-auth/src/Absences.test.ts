import { Absences } from './Absences';
import { NoToken } from './NoToken';
import { HeldClock } from './__testUtils__/HeldClock';

it('keeps no absence of people who have gone', () => {
  const clock = new HeldClock();
  const absences = new Absences(clock);
  for (let user = 0; user < 1_000; user += 1) {
    absences.remember(`user:default/u${user}`, 'prod', new NoToken('No.', {}));
    clock.pass(1_000);
  }
  expect(absences.size).toBe(10);
});
