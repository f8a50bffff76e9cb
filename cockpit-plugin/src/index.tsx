/* SPDX-License-Identifier: LGPL-2.1-or-later */

import cockpit from 'cockpit';
import { createRoot } from 'react-dom/client';

import '@patternfly/react-core/dist/styles/base.css';
import './app.css';

import { Application } from './app';
import { Cluster } from './cluster';
import { SERVICE } from './model';
import { followTheme } from './theme';

followTheme();
document.title = cockpit.gettext("Virtualization");

const cluster = new Cluster(superuser => cockpit.dbus(SERVICE, superuser ? { bus: 'system', superuser } : { bus: 'system' }));

createRoot(document.getElementById('app')!).render(<Application cluster={cluster} />);
