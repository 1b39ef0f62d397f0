import '@testing-library/jest-dom';
import { configure } from '@testing-library/react';

// Longer than anything takes, even on a busy machine.
configure({ asyncUtilTimeout: 20_000 });
jest.setTimeout(60_000);
