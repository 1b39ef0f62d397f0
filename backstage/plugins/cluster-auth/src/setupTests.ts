import '@testing-library/jest-dom';
import { configure } from '@testing-library/react';

// Longer than anything takes, on a machine that has other work too.
configure({ asyncUtilTimeout: 20_000 });
jest.setTimeout(60_000);
