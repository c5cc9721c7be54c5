// The worker of the page: the verifier's tasks, off the page. It knows the npm package and nothing of the page.

import { serveTasks } from './tasks.js';

serveTasks(self);
