// What runs in a worker of a browser.

import * as api from '../index.js';
import { createService } from './serve.js';

const receive = createService(api, (message) => self.postMessage(message));
self.addEventListener('message', ({ data }) => receive(data));
