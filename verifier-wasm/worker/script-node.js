// What runs in a worker thread of Node.js.

import { parentPort } from 'node:worker_threads';

import * as api from '../node.js';
import { createService } from './serve.js';

parentPort.on('message', createService(api, (message) => parentPort.postMessage(message)));
