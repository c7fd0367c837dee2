// Where the component starts. Tests import `rotation.js` instead.

import { component } from './vendor/keywheel/component.js';
import { Rotation } from './rotation.js';

export const rotate = component(new Rotation());
