// Reads the signals of consent platforms at once: see signals.js.

import { readSignals } from './signals.js';

readSignals(__RINGLET_CONSENT__);
